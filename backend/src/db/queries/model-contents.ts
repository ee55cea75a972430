import { and, eq, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { contentClaims, modelContents } from '../tables/models.ts';

export type ContentRow = Omit<typeof modelContents.$inferInsert, 'removing_since'>;

/**
 * Notes that somebody is about to save a version with this content: nobody takes it out of the store meanwhile. False
 * while somebody does. In the caller's transaction.
 */
export async function claimContent(
  tx: Db,
  content: ContentRow,
  claim: Omit<typeof contentClaims.$inferInsert, 'sha256'>,
): Promise<boolean> {
  // The row is written in any case, so that this waits for who is marking it as one to remove.
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
  // Asked again: only a statement that begins behind the lock sees every claim that was made before it.
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
