import { runIdSchema } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { openTestDatabase } from '../testing/database.ts';
import { aWholeRound, makeRun } from '../testing/facts.ts';
import type { Db } from './db/db.ts';

const patience = { timeout: 60_000 };
const servers: TestApp[] = [];
let server: TestApp;
beforeAll(async () => {
  server = await open();
});
afterAll(async () => {
  for (const one of servers) await one.close();
});

async function open(database?: TestApp['database']): Promise<TestApp> {
  const opened = await openTestApp({ offlineAfterMs: 3_600_000, ...(database && { database }) });
  servers.push(opened);
  return opened;
}

const addParts = (db: Db, runId: string, count: number) =>
  db.execute(sql`
    insert into client_updates (run_id, round, client_id, attempt, outcome, metrics)
    select ${runId}, 2, 'c' || n, 1, 'complete', '{}' from generate_series(1, ${sql.raw(String(count))}) as n`);

/** Rows of the run in any table. */
async function rowsOf(db: Db, runId: string): Promise<Record<string, number>> {
  const tables = await db.execute<{ name: string }>(sql`
    select relname as name from pg_class join pg_attribute on attrelid = pg_class.oid
    where attname = 'run_id' and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`);
  const rows: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await db.execute<{ n: number }>(
      sql`select count(*)::int as n from ${sql.identifier(name)} where run_id = ${runId}`,
    );
    if (row?.n) rows[name] = row.n;
  }
  return rows;
}

/** What readers see, whether its rows are stored or not. */
async function expectNothingOf(runId: string): Promise<void> {
  const { headers } = await server.signIn('admin');
  const ofRun = `?run_id=${runId}`;
  const parts = ['attention', 'convergence', 'cost', 'export', 'logs', 'matrix', 'rounds', 'rounds/1', 'timeline'];
  const paths = ['', ...parts.map((part) => `/${part}`)].map((part) => `/api/runs/${runId}${part}`);
  for (const path of [...paths, `/api/metrics/names${ofRun}`, `/api/metrics/summary${ofRun}`])
    expect((await server.ask('GET', path, headers)).statusCode, path).toBe(404);
  for (const list of ['rounds', 'clients', `rounds${ofRun}`, `clients${ofRun}`]) {
    const { items } = (await server.ask('GET', `/api/${list}`, headers)).json<{ items: { run_id: string }[] }>();
    expect(
      items.filter(({ run_id }) => run_id === runId),
      list,
    ).toEqual([]);
  }
}

it('[B11] a deleted run is away at once; reports are stored while its rows are deleted, and then its id is free', async () => {
  const { db } = server.database;
  const reporter = await server.makeReporter();
  const [run, other] = [makeRun(), makeRun()];
  await reporter.report([...aWholeRound(run, 1), run.say('log', { level: 'info', message: 'a line' })]);
  await reporter.report(aWholeRound(other, 1));
  await addParts(db, run.id, 30_000);
  const { headers } = await server.signIn('admin');
  expect((await server.ask('DELETE', `/api/runs/${run.id}`, headers)).statusCode).toBe(204);

  const again = aWholeRound(run, 1);
  let meanwhile = 0;
  await expect
    .poll(async () => {
      const answer = await reporter.post(again);
      if (answer.statusCode === 503) {
        expect(answer.headers['retry-after']).toBe('5');
        const step = { name: 'meanwhile', step: meanwhile, value: 1 };
        expect(await reporter.report([other.say('metric', step)])).toMatchObject({ accepted: 1 });
        meanwhile += 1;
        if (meanwhile === 1) await expectNothingOf(run.id);
      }
      return answer.statusCode;
    }, patience)
    .toBe(200);
  expect(meanwhile).toBeGreaterThan(0);
  expect(await rowsOf(db, run.id)).toMatchObject({ client_updates: 2, rounds: 1, clients: 2, runs: 1 });
  expect(await rowsOf(db, run.id)).not.toHaveProperty('logs');
  expect(await rowsOf(db, run.id)).not.toHaveProperty('run_deletions');
}, 120_000);

it('[B11] a client that other runs have too is counted once, whichever of its runs was deleted', async () => {
  const { db } = server.database;
  const reporter = await server.makeReporter();
  const [run, other] = [makeRun(), makeRun()];
  const clients = (of: typeof run, from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => of.say('client_joined', { client_id: `${run.id} ${from + n}` }));
  await reporter.report(clients(run, 0, 1_500));
  await reporter.report(clients(other, 1_400, 1_600));
  const { headers } = await server.signIn('admin');
  const total = async () => (await server.ask('GET', '/api/clients', headers)).json<{ total: number }>().total;
  const before = await total();
  expect((await server.ask('DELETE', `/api/runs/${run.id}`, headers)).statusCode).toBe(204);
  await expect.poll(() => rowsOf(db, run.id), patience).toEqual({});
  expect(await total()).toBe(before - 1_400);
}, 120_000);

it('[B11] a start goes on with a deletion that the end of the process broke off', async () => {
  const database = await openTestDatabase();
  const run_id = runIdSchema.parse('broken-off');
  await database.db.execute(sql`insert into run_deletions (run_id) values (${run_id})`);
  await addParts(database.db, run_id, 2_500);
  await open(database);
  await expect.poll(() => rowsOf(database.db, run_id), patience).toEqual({});
}, 120_000);
