import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PostgresPair, startPostgresPair } from '../../testing/postgres-pair.ts';
import { Pool } from './pool.ts';
import { isTransient } from './transient.ts';

let pair: PostgresPair;
beforeAll(async () => {
  pair = await startPostgresPair();
});
afterAll(() => pair?.stop());

it('[D4] what the standby has not is not acknowledged, however long it takes, and the caller is asked to repeat it', async () => {
  const settings = { onnotice: () => {}, fetch_types: false, connection: { statement_timeout: 200 } };
  const pool = new Pool(pair.url, settings);
  await pool.client.unsafe('create table kept (id int)');
  const store = (id: number) => pool.client.begin((tx) => tx.unsafe(`insert into kept values (${id})`));
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
