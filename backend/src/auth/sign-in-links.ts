import { z } from 'zod';
import type { Db } from '../db/db.ts';
import { deleteOneUseOf } from '../db/queries/one-use.ts';
import { findEnabledUser } from '../db/queries/users.ts';
import { Unauthorized } from '../errors.ts';
import { type Clock, HOUR, SECOND } from './clock.ts';
import { createOneUse } from './one-use.ts';
import type { User } from './principal.ts';

const kind = { purpose: 'sign_in_link', seconds: HOUR / SECOND, content: z.object({}) } as const;

/** Voids the sign-in links of a user: after a new password, or for a newer link. */
export const deleteLinksOf = (db: Db, user_id: string): Promise<void> => deleteOneUseOf(db, user_id, kind.purpose);

/** The token of a link that signs this user in. It replaces an older one. */
export async function createSignInLink(db: Db, user_id: string, now: Clock = Date.now): Promise<string> {
  await deleteLinksOf(db, user_id);
  return createOneUse(kind, now).issue(db, user_id, {});
}

/** Throws `Unauthorized` for a token that is unknown, used or expired. */
export async function redeemSignInLink(db: Db, token: string, now: Clock = Date.now): Promise<User> {
  const link = await createOneUse(kind, now).redeem(db, token);
  const user = link && (await findEnabledUser(db, link.user_id));
  if (!user)
    throw new Unauthorized('the sign-in link is unknown, used or expired; start the server again for a new one');
  return { id: user.id, username: user.username, role: user.role };
}
