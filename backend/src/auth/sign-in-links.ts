import type { Db } from '../db/db.ts';
import { deleteLinksOf, insertLink, purgeLinks, takeLink } from '../db/queries/sign-in-links.ts';
import { findEnabledUser } from '../db/queries/users.ts';
import { Unauthorized } from '../errors.ts';
import { type Clock, HOUR, momentAt } from './clock.ts';
import type { User } from './principal.ts';
import { hashSecret, randomSecret } from './secrets.ts';

/** The token of a link that signs this user in, once, within the hour; an older one no longer does. */
export async function createSignInLink(db: Db, user_id: string, now: Clock = Date.now): Promise<string> {
  const token = randomSecret();
  await purgeLinks(db, momentAt(now()));
  await deleteLinksOf(db, user_id);
  await insertLink(db, { token_hash: hashSecret(token), user_id, expires_at: momentAt(now() + HOUR) });
  return token;
}

/** Throws `Unauthorized` for a token that is unknown, used or expired. */
export async function redeemSignInLink(db: Db, token: string, now: Clock = Date.now): Promise<User> {
  const user_id = await takeLink(db, hashSecret(token), momentAt(now()));
  const user = user_id === undefined ? undefined : await findEnabledUser(db, user_id);
  if (!user)
    throw new Unauthorized('the sign-in link is unknown, used or expired; start the server again for a new one');
  return { id: user.id, username: user.username, role: user.role };
}
