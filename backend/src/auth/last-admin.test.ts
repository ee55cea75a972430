import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRequest, makeUser } from '../../testing/auth/people.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { findUser } from '../db/queries/users.ts';
import { users as table } from '../db/tables/people.ts';
import { Conflict } from '../errors.ts';
import { createAuth } from './services.ts';

let server: PostgresServer;
let database: Database;
beforeAll(async () => {
  server = await startPostgres();
  database = await openDatabase({ databaseUrl: await server.createDatabase('people'), dataDir: '/nowhere' });
});
afterAll(async () => {
  await database?.close();
  await server?.stop();
});

// The embedded database has one connection, on which nothing happens at once.
describe('on PostgreSQL', () => {
  it.each(['demote', 'disable', 'delete'])('[P5] one admin is left of many who %s each other at once', async (how) => {
    await database.db.delete(table);
    const { users } = createAuth({ db: database.db, secretKey: 'a secret of at least thirty-two bytes' });
    const admins = await Promise.all(Array.from({ length: 8 }, () => makeUser(database.db, { role: 'admin' })));
    const end = ({ id }: { id: string }) => {
      if (how === 'delete') return users.remove(aRequest, id);
      return users.edit(aRequest, id, how === 'demote' ? { role: 'viewer' } : { disabled: true });
    };
    const outcomes = await Promise.allSettled(admins.map(end));
    const left = await Promise.all(admins.map(({ id }) => findUser(database.db, id)));
    expect(left.filter((user) => user?.role === 'admin' && !user.disabled)).toHaveLength(1);
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals).toEqual([expect.any(Conflict)]);
  });
});
