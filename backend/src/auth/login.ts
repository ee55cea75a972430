import type { Db } from '../db/database.ts';
import { findUserByName } from '../db/queries/users.ts';
import { Unauthorized } from '../errors.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { verifyPassword } from './passwords.ts';
import type { User } from './principal.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

/** Neither the answer nor its time tells whether it was the name or the password that was wrong. */
export async function logIn(db: Db, throttle: LoginThrottle, credentials: Credentials): Promise<User> {
  await throttle.check(credentials);
  const user = await findUserByName(db, credentials.username);
  const matches = await verifyPassword(user?.password_hash, credentials.password);
  if (!user || !matches || user.disabled) {
    await throttle.failed(credentials);
    throw new Unauthorized('wrong username or password');
  }
  await throttle.succeeded(credentials);
  return { id: user.id, username: user.username, role: user.role };
}
