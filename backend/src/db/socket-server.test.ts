import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
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

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ host: folder, user: 'postgres', database: 'postgres', pipeline: true });
  await client.connect();
  return client;
}

it('serves statements in their order, errors and large values among them', async () => {
  const client = await connect();
  const large = 'x'.repeat(3_000_000);
  const asked = [
    client.query('select $1::text as value', [large]),
    client.query('select 1 / $1::int as value', [0]),
    client.query('select $1::text as value', ['after']),
    client.query('select 1 as value; select 2 as value'),
  ];
  const [first, second, third, both] = await Promise.allSettled(asked);
  expect(first).toMatchObject({ status: 'fulfilled', value: { rows: [{ value: large }] } });
  expect(second).toMatchObject({ status: 'rejected', reason: { code: '22012' } });
  expect(third).toMatchObject({ status: 'fulfilled', value: { rows: [{ value: 'after' }] } });
  expect(both).toMatchObject({ status: 'fulfilled', value: [{ rows: [{ value: 1 }] }, { rows: [{ value: 2 }] }] });
  await client.end();
});

it('rolls back what a client left open, for the next client', async () => {
  const first = await connect();
  await first.query('create table kept (a int)');
  await first.query('begin');
  await first.query('insert into kept values (1)');
  await first.end();
  const count = async () => {
    const second = await connect();
    const { rows } = await second.query('select count(*)::int as n from kept');
    await second.end();
    return rows;
  };
  // Until the server has seen the end of the first, it refuses a second.
  await expect.poll(() => count().catch(() => 'refused'), { timeout: 30_000 }).toEqual([{ n: 0 }]);
});
