import { createReporter } from '@rondo/reporter';
import { Rest } from './rest.ts';
import { expect, test } from './test.ts';

const rounds = 40;
const clients = Array.from({ length: 100 }, (_, n) => `client-${n}`);
const kills = 3;

test('kill -9 of the server during ingest: no acknowledged event lost, none doubled', async ({ ownServer }) => {
  const apiKey = await (await Rest.signIn(ownServer)).createKey('durability');
  const reporter = createReporter({ url: ownServer.url, apiKey, name: 'durability', onProblem: () => {} });
  const acknowledged = () => reporter.stats().acknowledged;
  const report = (round: number) => {
    reporter.roundStarted({ round, client_ids: clients });
    for (const client_id of clients) reporter.clientResult({ client_id, round, sample_count: round, train_loss: 1 });
    reporter.roundComplete({ round, global_loss: 1 / round });
  };

  const perLife = rounds / (kills + 1);
  for (let round = 1; round <= rounds; round++) {
    report(round);
    if (round % perLife !== 0 || round === rounds) continue;
    // In the middle of it: some of what was reported has been acknowledged, and some has not.
    const before = acknowledged();
    await expect.poll(acknowledged, { intervals: [1] }).toBeGreaterThan(before);
    await ownServer.kill();
    await ownServer.start();
  }
  await expect.poll(() => reporter.stats().queued, { timeout: 30_000 }).toBe(0);
  const { reported, rejected, dropped, ...stats } = await reporter.close();
  expect({ acknowledged: stats.acknowledged, rejected, dropped }).toEqual({
    acknowledged: reported,
    rejected: 0,
    dropped: 0,
  });

  const rest = await Rest.signIn(ownServer);
  const stored = await rest.rounds(reporter.run_id);
  expect(stored.map((round) => [round.round, round.status, round.num_clients_completed])).toEqual(
    Array.from({ length: rounds }, (_, index) => [index + 1, 'complete', clients.length]),
  );
  for (const { round_id, round } of stored) {
    const { client_updates } = await rest.round(round_id);
    expect(client_updates.map((update) => [update.client_id, update.sample_count]).sort()).toEqual(
      clients.map((client_id) => [client_id, round]).sort(),
    );
  }
});
