import type { Db } from '../db/db.ts';
import { hasSessionFrom } from '../db/queries/sessions.ts';
import { findUserByName } from '../db/queries/users.ts';
import { Unauthorized } from '../errors.ts';
import type { AuditedRequest } from './audit.ts';
import type { FailureLog } from './failure-log.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { verifyPassword } from './passwords.ts';
import type { User } from './principal.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

interface LoginDeps {
  readonly db: Db;
  readonly throttle: LoginThrottle;
  readonly failures: FailureLog;
}

/** Neither the response nor its time shows which of name and password was wrong. */
export async function logIn(
  { db, throttle, failures }: LoginDeps,
  by: AuditedRequest,
  credentials: Credentials,
): Promise<User> {
  const user = await findUserByName(db, credentials.username);
  // Every spelling that finds a user counts as that user; a name that no user has is only ever refused. [L1]
  const account = user?.id ?? credentials.username.normalize('NFKC').toLowerCase();
  const attempt = { account, address: credentials.address };
  const isKnownHere = async () => !!user && hasSessionFrom(db, user.id, credentials.address);
  try {
    await throttle.check(attempt, isKnownHere);
  } catch (error) {
    await failures.record(by, user?.username ?? null, { method: 'password', reason: 'too many failures' });
    throw error;
  }
  const matches = await verifyPassword(user?.password_hash, credentials.password, attempt);
  if (!user || !matches || user.disabled) {
    await throttle.failed(attempt);
    const reason = !user ? 'unknown name' : matches ? 'disabled' : 'wrong password';
    // An unknown name may be a password typed into the wrong field.
    await failures.record(by, user?.username ?? null, { method: 'password', reason });
    throw new Unauthorized('wrong username or password');
  }
  await throttle.succeeded(attempt);
  return { id: user.id, username: user.username, role: user.role };
}
