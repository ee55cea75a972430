import { randomUUID } from 'node:crypto';
import type { Db } from '../db/db.ts';
import { findUserByName, hasUsers, insertUser } from '../db/queries/users.ts';
import { momentAt } from './clock.ts';
import { hashPassword } from './passwords.ts';
import type { User } from './principal.ts';
import { randomSecret } from './secrets.ts';

interface AdminSettings {
  readonly username: string;
  readonly password: string | undefined;
}

interface AdminAtStart {
  /** Nobody, when an admin has since been renamed, disabled or made a viewer. */
  readonly admin: User | undefined;
  /** Made here and known only now. */
  readonly generatedPassword: string | undefined;
}

/** Creates the first user of an empty database; a user that exists keeps the password it has. */
export async function ensureAdmin(db: Db, { username, password }: AdminSettings): Promise<AdminAtStart> {
  if (!(await hasUsers(db))) {
    const chosen = password ?? randomSecret(18);
    const created = await insertUser(db, {
      id: randomUUID(),
      username,
      password_hash: await hashPassword(chosen),
      role: 'admin',
      created_at: momentAt(Date.now()),
    });
    // Not created: another server that started at the same moment was first, and its password counts.
    if (created) return { admin: created, generatedPassword: password === undefined ? chosen : undefined };
  }
  const found = await findUserByName(db, username);
  const isAdmin = found?.role === 'admin' && !found.disabled;
  return { admin: isAdmin ? found : undefined, generatedPassword: undefined };
}
