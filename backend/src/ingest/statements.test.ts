import type { RunId } from '@rondo/protocol';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase } from '../../testing/database.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import { makeReporterBatches, makeWriter } from '../../testing/writer.ts';
import type { Database } from '../db/database.ts';
import type { Db } from '../db/db.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** The database, with a list of the statements that are sent to it. */
function watched() {
  const { client } = (database.db as unknown as { session: { client: pg.Pool } }).session;
  const statements: string[] = [];
  const logQuery = (text: string) => void statements.push(text);
  return { db: drizzle({ client, logger: { logQuery } }) as unknown as Db, statements };
}

async function statementsOf(numRuns: number, extra: (run: RunId, round: number) => object[] = () => []) {
  const { db, statements } = watched();
  const { writer } = makeWriter(db);
  const reporters = Array.from({ length: numRuns }, () => ({ run: makeRun(), next: makeReporterBatches() }));
  const report = (round: number) =>
    Promise.all(
      reporters.map(({ run, next }) =>
        writer.submit([...aWholeRound(run, round), ...(extra(run.id, round) as never[])], next()),
      ),
    );
  // The first transaction creates the runs, the second finds them in memory.
  await report(1);
  statements.length = 0;
  await report(2);
  await writer.close();
  return statements.length;
}

it('[B3] rounds of eight runs are stored by as many statements as the round of one', async () => {
  expect(await statementsOf(8)).toBe(await statementsOf(1));
});

it('[B3] so are points and log lines', async () => {
  const telemetry = (run_id: RunId, round: number) => [
    { type: 'metric', run_id, at: '2026-01-31T12:00:00.000Z', name: 'lr', value: 0.1, step: round },
    { type: 'log', run_id, at: '2026-01-31T12:00:00.000Z', level: 'info', message: `round ${round}` },
  ];
  expect(await statementsOf(8, telemetry)).toBe(await statementsOf(1, telemetry));
});
