import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeUser } from '../../testing/auth/people.ts';
import { openTestDatabase } from '../../testing/database.ts';
import type { Database } from '../db/database.ts';
import { findUserByName, listUsers, updateUser } from '../db/queries/users.ts';
import { users } from '../db/tables/people.ts';
import { ensureAdmin } from './ensure-admin.ts';
import { verifyPassword } from './passwords.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
// What these tests are about is a database without users.
beforeEach(() => database.db.delete(users).then(() => {}));
afterAll(() => database.close());

describe('the first admin', () => {
  it('is made with the password that is set, which is not told back', async () => {
    const { db } = database;
    const made = await ensureAdmin(db, { username: 'ada', password: 'correct horse' });
    expect(made).toMatchObject({ admin: { username: 'ada', role: 'admin' }, generatedPassword: undefined });
    expect(await accepts('ada', 'correct horse')).toBe(true);
  });

  it('gets a password of 24 characters when none is set, told this once', async () => {
    const { db } = database;
    const { generatedPassword } = await ensureAdmin(db, { username: 'admin', password: undefined });
    expect(generatedPassword).toMatch(/^[\w-]{24}$/);
    expect(await accepts('admin', generatedPassword ?? '')).toBe(true);
    const again = await ensureAdmin(db, { username: 'admin', password: undefined });
    expect(again).toMatchObject({ admin: { username: 'admin' }, generatedPassword: undefined });
  });

  it('keeps the stored password when another is set later', async () => {
    await ensureAdmin(database.db, { username: 'admin', password: 'correct horse' });
    await ensureAdmin(database.db, { username: 'admin', password: 'another horse' });
    expect(await accepts('admin', 'another horse')).toBe(false);
  });

  it('is one, when two servers start at once, and only the password that counts is told', async () => {
    const { db } = database;
    const settings = { username: 'admin', password: undefined };
    const starts = await Promise.all([ensureAdmin(db, settings), ensureAdmin(db, settings)]);
    const told = starts.flatMap(({ generatedPassword }) => generatedPassword ?? []);
    expect(told).toHaveLength(1);
    expect(await accepts('admin', told[0] ?? '')).toBe(true);
    expect((await listUsers(db, { limit: 10, offset: 0 })).total).toBe(1);
  });

  it('is not made, nor anybody promoted to it, in a database that has users', async () => {
    const { db } = database;
    const { username } = await makeUser(db);
    expect((await ensureAdmin(db, { username, password: undefined })).admin).toBeUndefined();
    expect((await ensureAdmin(db, { username: 'admin', password: undefined })).admin).toBeUndefined();
  });

  it('is nobody once disabled', async () => {
    const { admin } = await ensureAdmin(database.db, { username: 'admin', password: 'correct horse' });
    await updateUser(database.db, admin?.id ?? '', { disabled: true });
    expect((await ensureAdmin(database.db, { username: 'admin', password: undefined })).admin).toBeUndefined();
  });
});

async function accepts(username: string, password: string): Promise<boolean> {
  const user = await findUserByName(database.db, username);
  return verifyPassword(user?.password_hash, password);
}
