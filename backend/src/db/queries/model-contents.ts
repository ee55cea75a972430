import { and, eq, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { contentClaims, modelContents } from '../tables/models.ts';

export type ContentRow = Omit<typeof modelContents.$inferInsert, 'removing_since'>;

/**
 * Claims a content before a version with it is saved, so that it is not removed from the store until then. Returns
 * false while a removal is running. Call it in the caller's transaction.
 */
export async function claimContent(
  tx: Db,
  content: ContentRow,
  claim: Omit<typeof contentClaims.$inferInsert, 'sha256'>,
): Promise<boolean> {
  // Writes the row in any case, so that this waits for a transaction that marks it for removal.
  const [row] = await tx
    .insert(modelContents)
    .values(content)
    .onConflictDoUpdate({ target: modelContents.sha256, set: { size_bytes: content.size_bytes } })
    .returning({ removing_since: modelContents.removing_since });
  if (row?.removing_since !== null) return false;
  await tx.insert(contentClaims).values({ ...claim, sha256: content.sha256 });
  return true;
}

export async function releaseClaim(db: Db, claimId: string): Promise<void> {
  await db.delete(contentClaims).where(eq(contentClaims.claim_id, claimId));
}

interface Moments {
  readonly now: string;
  /** Removals started before this are considered abandoned. */
  readonly abandonedBefore: string;
}

/** Marks contents that no version and no claim refers to, and says which. In the caller's transaction. */
export async function takeUnreferenced(tx: Db, { now, abandonedBefore }: Moments, limit: number): Promise<string[]> {
  await tx.delete(contentClaims).where(lte(contentClaims.expires_at, now));
  const isFree = and(
    or(isNull(modelContents.removing_since), lt(modelContents.removing_since, abandonedBefore)),
    sql`not exists (select from models where models.sha256 = model_contents.sha256)`,
    sql`not exists (select from content_claims where content_claims.sha256 = model_contents.sha256)`,
  );
  const locked = await tx
    .select({ sha256: modelContents.sha256 })
    .from(modelContents)
    .where(isFree)
    .limit(limit)
    .for('update', { skipLocked: true });
  if (locked.length === 0) return [];
  // Check again: only a statement that begins after the lock sees every claim made before it.
  const taken = await tx
    .update(modelContents)
    .set({ removing_since: now })
    .where(
      and(
        inArray(
          modelContents.sha256,
          locked.map(({ sha256 }) => sha256),
        ),
        isFree,
      ),
    )
    .returning({ sha256: modelContents.sha256 });
  return taken.map(({ sha256 }) => sha256);
}

export async function forgetContent(db: Db, sha256: string): Promise<void> {
  await db.delete(modelContents).where(eq(modelContents.sha256, sha256));
}
