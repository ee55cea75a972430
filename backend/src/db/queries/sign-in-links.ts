import { and, eq, gt, lte } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { signInLinks } from '../tables/people.ts';

export async function insertLink(db: Db, link: typeof signInLinks.$inferInsert): Promise<void> {
  await db.insert(signInLinks).values(link);
}

/** If two requests present one link at once, only one succeeds. */
export async function takeLink(db: Db, token_hash: string, now: string): Promise<string | undefined> {
  const [link] = await db
    .delete(signInLinks)
    .where(and(eq(signInLinks.token_hash, token_hash), gt(signInLinks.expires_at, now)))
    .returning({ user_id: signInLinks.user_id });
  return link?.user_id;
}

export async function purgeLinks(db: Db, now: string): Promise<void> {
  await db.delete(signInLinks).where(lte(signInLinks.expires_at, now));
}

/** A newer link, or another password, takes the place of those that wait. */
export async function deleteLinksOf(db: Db, user_id: string): Promise<void> {
  await db.delete(signInLinks).where(eq(signInLinks.user_id, user_id));
}
