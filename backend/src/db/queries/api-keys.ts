import { and, asc, eq, isNull, lt, or } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { apiKeys } from '../tables/people.ts';

export async function insertKey(db: Db, key: typeof apiKeys.$inferInsert): Promise<void> {
  await db.insert(apiKeys).values(key);
}

export async function listKeys(db: Db) {
  return db
    .select({
      id: apiKeys.id,
      name: apiKeys.name,
      created_at: apiKeys.created_at,
      last_used_at: apiKeys.last_used_at,
    })
    .from(apiKeys)
    .where(isNull(apiKeys.revoked_at))
    .orderBy(asc(apiKeys.created_at), asc(apiKeys.id));
}

export async function findKeyByHash(db: Db, key_hash: string) {
  const [key] = await db
    .select({ key_id: apiKeys.id, name: apiKeys.name })
    .from(apiKeys)
    .where(and(eq(apiKeys.key_hash, key_hash), isNull(apiKeys.revoked_at)));
  return key;
}

/** Writes nothing when the last recorded use is not before `unlessSince`. */
export async function touchKey(db: Db, id: string, now: string, unlessSince: string): Promise<void> {
  await db
    .update(apiKeys)
    .set({ last_used_at: now })
    .where(and(eq(apiKeys.id, id), or(isNull(apiKeys.last_used_at), lt(apiKeys.last_used_at, unlessSince))));
}

/** Answers the hash of the key that this call revoked. */
export async function revokeKey(db: Db, id: string, now: string): Promise<string | undefined> {
  const [revoked] = await db
    .update(apiKeys)
    .set({ revoked_at: now })
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revoked_at)))
    .returning({ key_hash: apiKeys.key_hash });
  return revoked?.key_hash;
}
