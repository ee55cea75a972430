import { rm } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeDataDir } from '../../testing/database.ts';
import { openPool } from './database.ts';
import { type Embedded, openEmbedded } from './embedded.ts';
import { checkpointIfDue, tidy, tidyInserted } from './tidy.ts';

let dataDir: string;
let embedded: Embedded;
let database: ReturnType<typeof openPool>;
beforeAll(async () => {
  dataDir = await makeDataDir();
  embedded = await openEmbedded(dataDir);
  database = openPool(embedded);
});
afterAll(async () => {
  await database.pool.end();
  await embedded.close();
  await rm(dataDir, { recursive: true, force: true });
});

it('housekeeping stores what arrives after each table, and analyzes what has changed', async () => {
  const { db } = database;
  await db.execute(sql`create table filler as select n, repeat('x', 100) as body from generate_series(1, 20000) as n`);
  for (let n = 0; n < 30; n++)
    await db.execute(sql.raw(`create table more_${n} as select n from generate_series(1, 2000) as n`));
  // PostgreSQL counts changes at most once a second, unless asked.
  await db.execute(sql`select pg_stat_force_next_flush()`);
  let isOver = false;
  const tidying = tidy(db).finally(() => {
    isOver = true;
  });
  const delays: number[] = [];
  while (!isOver) {
    const asked = performance.now();
    await db.execute(sql`update filler set body = 'y' where n = ${delays.length}`);
    delays.push(performance.now() - asked);
  }
  await tidying;
  delays.sort((a, b) => a - b);
  const p50 = delays[Math.floor(delays.length / 2)] ?? 0;
  console.log(
    `housekeeping: ${delays.length} writes during it, p50 ${p50.toFixed(1)} ms, max ${delays.at(-1)?.toFixed(1)} ms`,
  );
  // One before each table at least; a housekeeping in one statement would store one or two.
  expect(delays.length).toBeGreaterThan(20);
  const analyzedAt = () => db.execute(sql`select last_analyze from pg_stat_all_tables where relname = 'more_7'`);
  await db.execute(sql`select pg_stat_force_next_flush()`);
  const [before] = await analyzedAt();
  await tidy(db);
  expect((await analyzedAt())[0]).toEqual(before);
  expect(before?.last_analyze).not.toBeNull();
  const [filler] = await db.execute<{ reltuples: number }>(
    sql`select reltuples from pg_class where relname = 'filler'`,
  );
  expect(filler?.reltuples).toBeGreaterThan(0);
}, 60_000);

it('a table to which many rows were added is vacuumed without waiting for the rest of the housekeeping', async () => {
  const { db } = database;
  const vacuumedAt = async (name: string) => {
    const [row] = await db.execute(sql`select last_vacuum from pg_stat_all_tables where relname = ${name}`);
    return row?.last_vacuum;
  };
  await db.execute(sql`create table grown as select n from generate_series(1, 40000) as n`);
  await db.execute(sql`create table still as select n from generate_series(1, 2000) as n`);
  await db.execute(sql`select pg_stat_force_next_flush()`);
  await tidyInserted(db);
  await db.execute(sql`select pg_stat_force_next_flush()`);
  expect(await vacuumedAt('grown')).not.toBeNull();
  expect(await vacuumedAt('still')).toBeNull();
}, 60_000);

it('[B12] a checkpoint is taken as soon as much was written, so that none has much to write', async () => {
  const { db } = database;
  const last = async () =>
    (await db.execute<{ at: string }>(sql`select redo_lsn::text as at from pg_control_checkpoint()`))[0]?.at;
  await db.execute(sql`checkpoint`);
  const before = await last();
  await db.execute(sql`create table little as select n from generate_series(1, 1000) as n`);
  await checkpointIfDue(db);
  expect(await last()).toBe(before);
  await db.execute(sql`create table much as select n, repeat('x', 900) as body from generate_series(1, 10000) as n`);
  await checkpointIfDue(db);
  expect(await last()).not.toBe(before);
}, 60_000);
