import type { PasswordChange } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { findUser, updateUser } from '../db/queries/users.ts';
import { Conflict, Invalid } from '../errors.ts';
import { type AuditedRequest, recordAudit } from './audit.ts';
import type { Clock } from './clock.ts';
import type { LoginThrottle } from './login-throttle.ts';
import type { Notes } from './notes.ts';
import { refuseGuessable } from './password-rules.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import type { Principal } from './principal.ts';
import type { Sessions } from './sessions.ts';
import { deleteLinksOf } from './sign-in-links.ts';

interface Deps {
  readonly db: Db;
  readonly sessions: Sessions;
  readonly throttle: LoginThrottle;
  readonly notes: Notes;
  readonly now: Clock;
}

/** Ends the user's other sessions. Guesses of the old password are limited here as at sign-in. */
export async function changePassword(
  { db, sessions, throttle, notes, now }: Deps,
  by: AuditedRequest,
  { user_id, username, session_id }: Principal,
  { current_password, new_password }: PasswordChange,
): Promise<void> {
  refuseGuessable('new_password', new_password, username);
  const attempt = { account: user_id, address: by.ip ?? '' };
  await throttle.check(attempt, async () => true);
  const user = await findUser(db, user_id);
  if (user?.password_hash == null)
    throw new Conflict('you have no password here; an admin can set one, unless you sign in at the identity provider');
  if (!(await verifyPassword(user.password_hash, current_password, attempt))) {
    await throttle.failed(attempt);
    const detail = { reason: 'wrong current password' };
    await notes.add(by, { action: 'user.password_refused', target_type: 'user', target: username, detail });
    throw new Invalid([{ path: 'current_password', message: 'is not your password' }]);
  }
  await throttle.succeeded(attempt);
  const password_hash = await hashPassword(new_password, attempt);
  const publishEnded = await db.transaction(async (tx) => {
    await updateUser(tx, user_id, { password_hash });
    await deleteLinksOf(tx, user_id);
    await recordAudit(tx, by, { action: 'user.password', target_type: 'user', target: username }, now);
    return sessions.endAllOf(tx, user_id, { except: session_id });
  });
  publishEnded();
}
