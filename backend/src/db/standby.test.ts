import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PostgresPair, startPostgresPair } from '../../testing/postgres-pair.ts';
import { openPool } from './database.ts';
import { isTransient } from './transient.ts';

let pair: PostgresPair;
beforeAll(async () => {
  pair = await startPostgresPair();
});
afterAll(() => pair?.stop());

it('[D4] what the standby has not is not acknowledged, however long it takes, and the caller is asked to repeat it', async () => {
  const limits = { size: 2, kept: 1, patienceMs: 10_000 };
  const { pool, db } = openPool({ url: pair.url }, limits, { statement_timeout: 200, query_timeout: 5_000 });
  await pool.query('create table kept (id int)');
  const store = (id: number) => db.transaction((tx) => tx.execute(sql`insert into kept values (${id})`));
  await pair.freeze(true);
  // The wait for a standby is longer than any timeout of a statement; the connection's own deadline ends it.
  const outcome = await store(1).then(
    () => 'stored',
    (error: unknown) => (isTransient(error) ? 'must be repeated' : String(error)),
  );
  expect(outcome).toBe('must be repeated');
  await pair.freeze(false);
  await expect.poll(() => store(2).then(() => 'stored'), { timeout: 30_000 }).toBe('stored');
  await pool.end();
}, 120_000);
