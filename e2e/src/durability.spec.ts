import { createReporter } from '@rondo/reporter';
import { Rest } from './rest.ts';
import { expect, test } from './test.ts';

const clients = Array.from({ length: 25 }, (_, n) => `client-${n}`);
const kills = 3;
// A busy FL server, which goes on while the dashboard is away: 1,350 events a second.
const roundEveryMs = 20;

test('kill -9 of the server during ingest: no acknowledged event lost, none doubled', async ({ ownServer }) => {
  const apiKey = await (await Rest.signIn(ownServer)).createKey('durability');
  const reporter = createReporter({ url: ownServer.url, apiKey, name: 'durability', onProblem: () => {} });
  const acknowledged = () => reporter.stats().acknowledged;
  const report = (round: number) => {
    reporter.roundStarted({ round, client_ids: clients });
    for (const client_id of clients) reporter.clientResult({ client_id, round, sample_count: round, train_loss: 1 });
    reporter.roundComplete({ round, global_loss: 1 / round });
  };

  let round = 0;
  const feed = setInterval(() => report(++round), roundEveryMs);

  const unanswered: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const before = acknowledged();
    await expect.poll(acknowledged, { intervals: [1] }).toBeGreaterThan(before);
    unanswered.push(reporter.stats().queued);
    await ownServer.kill();
    await ownServer.start();
  }
  clearInterval(feed);
  // Each life ended in the middle of something.
  expect(Math.min(...unanswered)).toBeGreaterThan(0);
  await expect.poll(() => reporter.stats().queued, { timeout: 30_000 }).toBe(0);
  const { reported, rejected, dropped, ...stats } = await reporter.close();
  expect({ acknowledged: stats.acknowledged, rejected, dropped }).toEqual({
    acknowledged: reported,
    rejected: 0,
    dropped: 0,
  });

  console.log(`${reported} events acknowledged, ${kills} kills with ${unanswered.join(', ')} events unanswered`);

  const rest = await Rest.signIn(ownServer);
  const stored = await rest.rounds(reporter.run_id);
  expect(stored.map((each) => [each.round, each.status, each.num_clients_completed])).toEqual(
    Array.from({ length: round }, (_, index) => [index + 1, 'complete', clients.length]),
  );
  for (const { round_id, round: sample_count } of stored) {
    const { client_updates } = await rest.round(round_id);
    expect(client_updates.map((update) => [update.client_id, update.sample_count]).sort()).toEqual(
      clients.map((client_id) => [client_id, sample_count]).sort(),
    );
  }
});
