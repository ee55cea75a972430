import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeUser } from '../../testing/auth/people.ts';
import { openTestDatabase } from '../../testing/database.ts';
import type { Database } from '../db/database.ts';
import { findUserByName, listUsers, updateUser } from '../db/queries/users.ts';
import { users } from '../db/tables/people.ts';
import { ensureAdmin } from './ensure-admin.ts';
import { hashPassword, verifyPassword } from './passwords.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
// These tests need a database without users.
beforeEach(() => database.db.delete(users).then(() => {}));
afterAll(() => database.close());

describe('the first admin', () => {
  it('is made with the password that is set, and needs no link', async () => {
    const { db } = database;
    const made = await ensureAdmin(db, { username: 'ada', password: 'correct horse' });
    expect(made).toMatchObject({ admin: { username: 'ada', role: 'admin' }, needsLink: false });
    expect(await accepts('ada', 'correct horse')).toBe(true);
  });

  it('[M9] has no password when none is set, and needs a link until there is one', async () => {
    const { db } = database;
    const made = await ensureAdmin(db, { username: 'admin', password: undefined });
    expect(made).toMatchObject({ admin: { username: 'admin' }, needsLink: true });
    expect(await accepts('admin', '')).toBe(false);
    const settings = { username: 'admin', password: undefined };
    expect((await ensureAdmin(db, settings)).needsLink).toBe(true);
    await updateUser(db, made.admin?.id ?? '', { password_hash: await hashPassword('correct horse') });
    expect((await ensureAdmin(db, settings)).needsLink).toBe(false);
  });

  it('keeps the stored password when another is set later', async () => {
    await ensureAdmin(database.db, { username: 'admin', password: 'correct horse' });
    await ensureAdmin(database.db, { username: 'admin', password: 'another horse' });
    expect(await accepts('admin', 'another horse')).toBe(false);
  });

  it('is one, when two servers start at once, and both know that it needs a link', async () => {
    const { db } = database;
    const settings = { username: 'admin', password: undefined };
    const starts = await Promise.all([ensureAdmin(db, settings), ensureAdmin(db, settings)]);
    expect(starts.map(({ needsLink }) => needsLink)).toEqual([true, true]);
    expect((await listUsers(db, { limit: 10, offset: 0 })).total).toBe(1);
  });

  it('is not created, and no user is promoted, in a database that has users', async () => {
    const { db } = database;
    const { username } = await makeUser(db);
    expect((await ensureAdmin(db, { username, password: undefined })).admin).toBeUndefined();
    expect((await ensureAdmin(db, { username: 'admin', password: undefined })).admin).toBeUndefined();
  });

  it('is undefined once the admin is disabled', async () => {
    const { admin } = await ensureAdmin(database.db, { username: 'admin', password: 'correct horse' });
    await updateUser(database.db, admin?.id ?? '', { disabled: true });
    expect((await ensureAdmin(database.db, { username: 'admin', password: undefined })).admin).toBeUndefined();
  });
});

async function accepts(username: string, password: string): Promise<boolean> {
  const user = await findUserByName(database.db, username);
  return verifyPassword(user?.password_hash, password);
}
