import type { Db } from '../db/database.ts';
import { insertLink, purgeLinks, takeLink } from '../db/queries/sign-in-links.ts';
import { findEnabledUser } from '../db/queries/users.ts';
import { Unauthorized } from '../errors.ts';
import { type Clock, DAY, momentAt } from './clock.ts';
import type { User } from './principal.ts';
import { hashSecret, randomSecret } from './secrets.ts';

/** The token of a link that signs this user in, once, within a day. */
export async function createSignInLink(db: Db, user_id: string, now: Clock = Date.now): Promise<string> {
  const token = randomSecret();
  await purgeLinks(db, momentAt(now()));
  await insertLink(db, { token_hash: hashSecret(token), user_id, expires_at: momentAt(now() + DAY) });
  return token;
}

/** Throws `Unauthorized` for a token that is unknown, used or expired. */
export async function redeemSignInLink(db: Db, token: string, now: Clock = Date.now): Promise<User> {
  const user_id = await takeLink(db, hashSecret(token), momentAt(now()));
  const user = user_id === undefined ? undefined : await findEnabledUser(db, user_id);
  if (!user) throw new Unauthorized('the sign-in link is unknown, used or expired');
  return user;
}
