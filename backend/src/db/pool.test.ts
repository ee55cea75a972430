import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort, type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { Pool } from './pool.ts';
import { isTransient } from './transient.ts';

describe('the connections to PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  let pool: Pool | undefined;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase('pool');
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    vi.useRealTimers();
    await pool?.end();
  });

  const open = (settings = {}): Pool => {
    pool = new Pool({ url }, { size: 30, kept: 10, patienceMs: 10_000 }, settings);
    return pool;
  };
  const database = (one: Pool) => drizzle({ client: one as unknown as pg.Pool });
  const sleep = (from: Pool, seconds: number) => from.query(`select pg_sleep(${seconds})`);
  const many = (from: Pool, count: number, seconds = 0.2) =>
    Promise.all(Array.from({ length: count }, () => sleep(from, seconds)));

  it('are 10 and 20 more under load, of which 10 stay; further callers wait in line', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const one = open();
    const busy = many(one, 40);
    await vi.waitUntil(() => one.usage().waiting === 10, { interval: 5 });
    expect(one.usage()).toEqual({ size: 30, open: 30, in_use: 30, waiting: 10 });
    await busy;
    expect(one.usage()).toEqual({ size: 30, open: 30, in_use: 0, waiting: 0 });
    await vi.advanceTimersByTimeAsync(11_000);
    expect(one.usage()).toMatchObject({ open: 10 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(one.usage()).toMatchObject({ open: 10 });
  });

  it('a caller that waits too long is asked to retry', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const one = open();
    // Opens them: a connection that is still being opened has the same patience.
    await many(one, 30, 0);
    const busy = many(one, 30, 1);
    const late = one.query('insert into nowhere values (1)').then(
      () => 'answered',
      (error: unknown) => isTransient(error),
    );
    await vi.waitUntil(() => one.usage().waiting === 1, { interval: 5 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await late).toBe(true);
    await busy;
  });

  it('end a statement that takes too long, and serve the next', async () => {
    const one = open({ statement_timeout: 50 });
    const error = await sleep(one, 5).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: '57014' });
    expect(isTransient(error)).toBe(true);
    expect(await one.query('select 1 as one')).toMatchObject([{ one: 1 }]);
  });

  it('a transaction in which a failure went unnoticed is not committed', async () => {
    const one = open();
    await one.query('create table kept (id int)');
    const careless = database(one).transaction(async (tx) => {
      await tx.execute('insert into kept values (1)');
      await tx.execute('select 1 / 0').catch(() => {});
    });
    await expect(careless).rejects.toMatchObject({ cause: { message: 'division by zero' } });
    expect(await one.query('select * from kept')).toHaveLength(0);
  });

  it('a failure within a savepoint costs only what is in it', async () => {
    const one = open();
    await one.query('create table saved (id int)');
    await database(one).transaction(async (tx) => {
      await tx.execute('insert into saved values (1)');
      await tx.transaction((inner) => inner.execute('select 1 / 0')).catch(() => {});
      await tx.execute('insert into saved values (2)');
    });
    expect(await one.query('select * from saved')).toHaveLength(2);
  });

  it('use the host that can be reached, of several', async () => {
    const closed = await freePort();
    const hosts = url.replace('@127.0.0.1', `@127.0.0.1:${closed},127.0.0.1`);
    pool = new Pool({ url: hosts }, { size: 2, kept: 1, patienceMs: 10_000 });
    expect(await pool.query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});
