import type { ProjectId } from '@rondo/protocol';
import { and, asc, eq, isNull, lt, or } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { apiKeys, users } from '../tables/people.ts';
import { countRows, type Page } from './page.ts';
import { inProjects, type Visible } from './projects.ts';

export async function insertKey(db: Db, key: typeof apiKeys.$inferInsert): Promise<void> {
  await db.insert(apiKeys).values(key);
}

const publicColumns = {
  name: apiKeys.name,
  scopes: apiKeys.scopes,
  project_id: apiKeys.project_id,
  expires_at: apiKeys.expires_at,
};

/** Those that are not revoked, oldest first. */
export async function listKeys(
  db: Db,
  { limit, offset, visible, project }: Page & { visible: Visible; project?: ProjectId | undefined },
) {
  const ofProject = project === undefined ? undefined : eq(apiKeys.project_id, project);
  const where = and(isNull(apiKeys.revoked_at), inProjects(apiKeys.project_id, visible), ofProject);
  const items = await db
    .select({
      id: apiKeys.id,
      ...publicColumns,
      created_at: apiKeys.created_at,
      created_by: users.username,
      last_used_at: apiKeys.last_used_at,
    })
    .from(apiKeys)
    .leftJoin(users, eq(users.id, apiKeys.created_by))
    .where(where)
    .orderBy(asc(apiKeys.created_at), asc(apiKeys.id))
    .limit(limit)
    .offset(offset);
  return { items, total: await countRows(db, apiKeys, where) };
}

export async function findKeyByHash(db: Db, key_hash: string) {
  const [key] = await db
    .select({ key_id: apiKeys.id, ...publicColumns })
    .from(apiKeys)
    .where(and(eq(apiKeys.key_hash, key_hash), isNull(apiKeys.revoked_at)));
  return key;
}

export async function findKey(db: Db, id: string) {
  const [key] = await db
    .select({ expires_at: apiKeys.expires_at })
    .from(apiKeys)
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revoked_at)));
  return key;
}

/** Writes nothing when the last recorded use is not before `unlessSince`. */
export async function touchKey(db: Db, id: string, now: string, unlessSince: string): Promise<void> {
  await db
    .update(apiKeys)
    .set({ last_used_at: now })
    .where(and(eq(apiKeys.id, id), or(isNull(apiKeys.last_used_at), lt(apiKeys.last_used_at, unlessSince))));
}

/** Answers the hash and the name of the key that this call revoked. */
export async function revokeKey(db: Db, id: string, now: string, of: Visible) {
  const [revoked] = await db
    .update(apiKeys)
    .set({ revoked_at: now })
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revoked_at), inProjects(apiKeys.project_id, of)))
    .returning({ key_hash: apiKeys.key_hash, name: apiKeys.name, project_id: apiKeys.project_id });
  return revoked;
}
