import { and, eq, gt, lte } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { downloadLinks } from '../tables/models.ts';

export async function insertDownloadLink(db: Db, link: typeof downloadLinks.$inferInsert): Promise<void> {
  await db.insert(downloadLinks).values(link);
}

export async function findDownloadLink(db: Db, link_hash: string, now: string) {
  const [link] = await db
    .select()
    .from(downloadLinks)
    .where(and(eq(downloadLinks.link_hash, link_hash), gt(downloadLinks.expires_at, now)));
  return link;
}

/** If two requests present one link at once, only one succeeds. */
export async function takeDownloadLink(db: Db, link_hash: string, now: string) {
  const [link] = await db
    .delete(downloadLinks)
    .where(and(eq(downloadLinks.link_hash, link_hash), gt(downloadLinks.expires_at, now)))
    .returning();
  return link;
}

export async function purgeDownloadLinks(db: Db, now: string): Promise<void> {
  await db.delete(downloadLinks).where(lte(downloadLinks.expires_at, now));
}
