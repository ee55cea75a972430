import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SocketServer } from './socket-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'rondo-socket-'));
const path = join(folder, '.s.PGSQL.5432');
let database: PGlite;
let server: SocketServer;
beforeAll(async () => {
  database = await PGlite.create();
  server = new SocketServer(database);
  await server.listen(path);
});
afterAll(async () => {
  await server.close();
  await database.close();
  rmSync(folder, { recursive: true });
});

const connect = () =>
  postgres({ path, host: path, database: 'postgres', username: 'postgres', max: 1, fetch_types: false });

it('serves statements in their order, errors and large values among them', async () => {
  const sql = connect();
  const large = 'x'.repeat(3_000_000);
  const asked = [
    sql`select ${large}::text as value`,
    sql`select 1 / ${0}::int as value`,
    sql`select ${'after'}::text as value`,
    sql.unsafe('select 1 as value; select 2 as value'),
  ];
  const [first, second, third] = await Promise.allSettled(asked);
  expect(first).toMatchObject({ status: 'fulfilled', value: [{ value: large }] });
  expect(second).toMatchObject({ status: 'rejected', reason: { code: '22012' } });
  expect(third).toMatchObject({ status: 'fulfilled', value: [{ value: 'after' }] });
  await sql.end();
});

it('rolls back what a client left open, for the next client', async () => {
  const first = connect();
  await first.unsafe('create table kept (a int)');
  await first.unsafe('begin');
  await first.unsafe('insert into kept values (1)');
  await first.end({ timeout: 0 });
  const second = connect();
  await expect
    .poll(() => second.unsafe('select count(*)::int as n from kept'), { timeout: 30_000 })
    .toEqual([{ n: 0 }]);
  await second.end();
});
