import { MessageChannel } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PortServer } from './port-server.ts';
import { PortStream } from './port-stream.ts';

let database: PGlite;
let server: PortServer;
beforeAll(async () => {
  database = await PGlite.create();
  server = new PortServer(database);
});
afterAll(async () => {
  await server.close();
  await database.close();
});

async function connect(): Promise<pg.Client> {
  const stream = () => {
    const { port1, port2 } = new MessageChannel();
    void server.serve(port2);
    return new PortStream(port1);
  };
  const client = new pg.Client({ stream, user: 'postgres', database: 'postgres', pipeline: true });
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
  const second = await connect();
  expect((await second.query('select count(*)::int as n from kept')).rows).toEqual([{ n: 0 }]);
  await second.end();
});

it('gives the session to a new client, though the one before is still there', async () => {
  const first = await connect();
  first.on('error', () => {});
  await first.query('create table taken (a int)');
  await first.query('begin');
  await first.query('insert into taken values (1)');
  const second = await connect();
  expect((await second.query('select count(*)::int as n from taken')).rows).toEqual([{ n: 0 }]);
  await expect(first.query('commit')).rejects.toThrow(/terminated|closed|not queryable/i);
  await second.end();
});
