import { and, eq, gt, lte } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { oneUseSecrets, type StoredPurpose } from '../tables/people.ts';

export type OneUsePurpose = StoredPurpose;

interface Presented {
  readonly purpose: StoredPurpose;
  readonly secret_hash: string;
  readonly now: string;
}

const isValid = ({ purpose, secret_hash, now }: Presented) =>
  and(
    eq(oneUseSecrets.secret_hash, secret_hash),
    eq(oneUseSecrets.purpose, purpose),
    gt(oneUseSecrets.expires_at, now),
  );

export async function insertOneUse(db: Db, secret: typeof oneUseSecrets.$inferInsert): Promise<void> {
  await db.insert(oneUseSecrets).values(secret);
}

export async function findOneUse(db: Db, presented: Presented) {
  const [secret] = await db.select().from(oneUseSecrets).where(isValid(presented));
  return secret;
}

/** Of several callers that present the same secret at once, exactly one receives it. */
export async function takeOneUse(db: Db, presented: Presented) {
  const [secret] = await db.delete(oneUseSecrets).where(isValid(presented)).returning();
  return secret;
}

export async function deleteOneUseOf(db: Db, user_id: string, purpose: StoredPurpose): Promise<void> {
  await db.delete(oneUseSecrets).where(and(eq(oneUseSecrets.user_id, user_id), eq(oneUseSecrets.purpose, purpose)));
}

export async function deleteExpiredOneUse(db: Db, now: string): Promise<void> {
  await db.delete(oneUseSecrets).where(lte(oneUseSecrets.expires_at, now));
}
