import { randomUUID } from 'node:crypto';
import type { Role } from '@rondo/protocol';
import { hashPassword } from '../../src/auth/passwords.ts';
import type { User } from '../../src/auth/principal.ts';
import type { Db } from '../../src/db/db.ts';
import { insertUser } from '../../src/db/queries/users.ts';

/** Stores a user with a unique name; without a password nothing can log in as it. */
export async function makeUser(
  db: Db,
  { role = 'viewer', password }: { role?: Role; password?: string } = {},
): Promise<User> {
  const id = randomUUID();
  const user = { id, username: `user-${id}`, role };
  const password_hash = password === undefined ? 'none' : await hashPassword(password);
  await insertUser(db, { ...user, password_hash, created_at: new Date().toISOString() });
  return user;
}

/** A clock that moves only when the test sets it. */
export function fakeClock(start = '2026-01-31T12:00:00.000Z') {
  let nowMs = Date.parse(start);
  return {
    now: () => nowMs,
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
}

/** The source of acts that did not arrive over HTTP. */
export const aRequest = { principal: null, ip: '192.0.2.1', id: 'a-test' };

export const aVisit = { user_agent: 'test', address: '192.0.2.1' };
