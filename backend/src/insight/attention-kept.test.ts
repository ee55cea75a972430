import type { Attention } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp } from '../../testing/app.ts';
import { counting } from '../../testing/counting.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import type { Database } from '../db/database.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** A server over the same database as the one before it. */
async function startAgain() {
  let queries = 0;
  const db = counting(database.db, () => {
    queries += 1;
  });
  const server = await openTestApp({ database: { ...database, db } });
  const { headers } = await server.signIn('admin');
  return {
    server,
    headers,
    read: async (id: string) => {
      queries = 0;
      const list = (await server.ask('GET', `/api/runs/${id}/attention`, headers)).json<Attention>();
      return { list, queries };
    },
  };
}

it('[G4] the first list after a start is the last one before it, without reading the rounds again', async () => {
  const run = makeRun();
  const first = await startAgain();
  const reporter = await first.server.makeReporter();
  const zero = (round: number) =>
    run.say('client_result', { round, client_id: 'a', update_norm: 0, sample_count: 1, train_loss: 1 });
  const rounds = Array.from({ length: 12 }, (_, n) => [
    ...aWholeRound(run, n + 1, ['b', 'c', 'd']).slice(0, -1),
    zero(n + 1),
    run.say('round_complete', { round: n + 1 }),
  ]);
  await reporter.report([run.say('run_started', { name: 'x', framework: 'f' }), ...rounds.flat()]);
  const before = (await first.read(run.id)).list;
  expect(before.to_round).toBe(12);
  await first.server.app.close();

  const second = await startAgain();
  await second.server.ask('GET', '/api/auth/me', second.headers);
  const { list, queries } = await second.read(run.id);
  expect(list).toEqual(before);
  // Its run twice, the list, the mutes, and what other work of the server may ask meanwhile.
  expect(queries).toBeLessThan(12);

  const mute = { client_id: 'a', rule: 'zero_update' };
  expect((await second.server.ask('PUT', `/api/runs/${run.id}/attention/mutes`, second.headers, mute)).statusCode).toBe(
    200,
  );
  expect((await second.read(run.id)).list.mutes).toMatchObject([mute]);
  await second.server.app.close();

  const third = await startAgain();
  const again = await third.server.makeReporter();
  await again.report([...aWholeRound(run, 13, ['b', 'c', 'd'])]);
  const { list: newer } = await third.read(run.id);
  expect(newer).toMatchObject({ to_round: 13, mutes: [mute] });
  await third.server.app.close();
});
