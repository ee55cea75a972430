import type { Attention, RunId } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { makeRun } from '../testing/facts.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { type Database, openDatabase } from './db/database.ts';
import { readAttentionList } from './db/queries/insight.ts';

let postgres: PostgresServer | undefined;
let databaseUrl: string;
beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase('attention');
}, 240_000);
afterAll(() => postgres?.stop());

interface Server extends TestApp {
  readonly database: Database;
}

async function openServer(): Promise<Server> {
  const database = await openDatabase({ databaseUrl, dataDir: '/nowhere' });
  const server = await openTestApp({ database, offlineAfterMs: 3_600_000 });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  return { ...server, database };
}

const ids = [...'abcdefghijkl'];
const limit = { timeout: 60_000 };

it('[G20] the list of a run that reports to two servers has one owner, and another one when that ends', {
  timeout: 200_000,
}, async () => {
  const [first, second] = [await openServer(), await openServer()];
  const { db } = second.database;
  const run = makeRun();
  const reporters = [await first.makeReporter(), await second.makeReporter()];
  let round = 0;
  /** Client `bad` sends NaN: an item of each round. The parts of a round go to both servers in turn. */
  const reportRound = async (bad: string) => {
    round += 1;
    const to = (n: number) => reporters[(round + n) % 2] as (typeof reporters)[number];
    await to(0).report([run.say('round_started', { round, client_ids: ids })]);
    for (const [n, client_id] of ids.entries()) {
      const train_loss = client_id === bad ? 'NaN' : 1 / (round + n);
      await to(n).report([run.say('client_result', { round, client_id, sample_count: 10, train_loss })]);
    }
    await to(1).report([run.say('round_complete', { round })]);
  };
  const owners = () =>
    db.execute<{ server: string }>(sql`select server from attention_owners where run_id = ${run.id} and until > now()`);
  const stored = async (of: RunId) => (await readAttentionList(db, of))?.list;
  const listed = async (server: Server) => {
    const { headers } = await server.signIn('viewer');
    return (await server.ask('GET', `/api/runs/${run.id}/attention`, headers)).json<Attention>();
  };

  await reporters[0]?.report([run.say('run_started', { name: 'x', framework: 'f' })]);
  const seen = new Set<string>();
  for (const bad of ['a', 'b', 'c', 'a', 'b']) {
    await reportRound(bad);
    await expect
      .poll(
        async () => (await stored(run.id))?.items.some(({ client_id, round: at }) => client_id === bad && at === round),
        limit,
      )
      .toBe(true);
    for (const { server } of await owners()) seen.add(server);
  }
  expect(seen.size).toBe(1);
  const list = await stored(run.id);
  for (const server of [first, second]) expect((await listed(server)).items).toEqual(list?.items);

  // With the first server gone the second one goes on.
  await first.close();
  reporters[0] = reporters[1] as (typeof reporters)[number];
  await reportRound('d');
  await expect
    .poll(async () => (await stored(run.id))?.items.some(({ client_id }) => client_id === 'd'), limit)
    .toBe(true);
  expect((await owners()).length).toBe(1);
  await second.close();
  // Nothing is left that a third server would wait for.
  const third = await openDatabase({ databaseUrl, dataDir: '/nowhere' });
  expect(await third.db.execute(sql`select 1 from attention_owners`)).toHaveLength(0);
  await third.close();
});
