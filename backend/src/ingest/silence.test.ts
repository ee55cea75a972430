import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase } from '../../testing/database.ts';
import { makeRun } from '../../testing/facts.ts';
import { makeReporterBatches, makeWriter } from '../../testing/writer.ts';
import type { Database } from '../db/database.ts';
import { sweepSilent } from './silence.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

it('[L4] every silent client of a large run becomes offline, though the server has just started', async () => {
  const { db } = database;
  const run = makeRun();
  const ids = Array.from({ length: 2_500 }, (_, n) => `c${n}`);
  const first = new Date('2026-01-31T12:00:00.000Z');
  await makeWriter(db, () => first).writer.submit(
    [run.say('round_started', { round: 1, client_ids: ids })],
    makeReporterBatches()(),
  );
  const late = new Date('2026-01-31T12:05:00.000Z');
  const { writer } = makeWriter(db, () => late);
  await writer.submit([run.say('client_heartbeat', { client_id: 'c7', at: late.toISOString() })]);

  const restarted = makeWriter(db, () => late);
  const options = { db, writer: restarted.writer, offlineAfterMs: 60_000, now: () => late.getTime() };
  expect(await sweepSilent(options)).toBe(2_499);
  expect(await sweepSilent(options)).toBe(0);
  const totals = await db.execute(sql`
    select status, total::int as total from list_totals where run_id = ${run.id} and list = 'clients' and total <> 0
    order by status`);
  expect([...totals]).toEqual([
    { status: 'offline', total: 2_499 },
    { status: 'training', total: 1 },
  ]);

  // What was loaded in part is not taken for the whole.
  await restarted.writer.submit(
    [run.say('client_heartbeat', { client_id: 'c8', at: '2026-01-31T12:05:01.000Z' })],
    makeReporterBatches()(),
  );
  const news = restarted.published
    .at(-1)
    ?.events()
    .filter(({ type }) => type === 'client_update');
  expect(news).toMatchObject([{ data: { client_id: 'c8' } }]);
  const [row] = await db.execute(sql`select count(*)::int as count from clients where run_id = ${run.id}`);
  expect(row).toEqual({ count: 2_500 });
}, 60_000);
