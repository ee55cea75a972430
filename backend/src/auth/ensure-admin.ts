import { randomUUID } from 'node:crypto';
import type { Db } from '../db/db.ts';
import { findUserByName, hasUsers, insertUser } from '../db/queries/users.ts';
import { momentAt } from './clock.ts';
import { hashPassword } from './passwords.ts';
import type { User } from './principal.ts';

interface AdminSettings {
  readonly username: string;
  readonly password: string | undefined;
}

interface AdminAtStart {
  /** Undefined when an admin has since been renamed, disabled or made a viewer. */
  readonly admin: User | undefined;
  /** If true, the admin signs in with a sign-in link only. [M9] */
  readonly needsLink: boolean;
}

/** Creates the first user of an empty database; a user that exists keeps the password it has. */
export async function ensureAdmin(db: Db, { username, password }: AdminSettings): Promise<AdminAtStart> {
  if (!(await hasUsers(db))) {
    const created = await insertUser(db, {
      id: randomUUID(),
      username,
      password_hash: password === undefined ? null : await hashPassword(password),
      role: 'admin',
      created_at: momentAt(Date.now()),
    });
    // Not created: another server that started at the same moment was first, and its password counts.
    if (created) return { admin: created, needsLink: password === undefined };
  }
  const found = await findUserByName(db, username);
  const isAdmin = found?.role === 'admin' && !found.disabled;
  const needsLink = isAdmin && found.password_hash === null && found.provider === null;
  return { admin: isAdmin ? found : undefined, needsLink };
}
