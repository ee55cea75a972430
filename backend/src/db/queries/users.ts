import { defaultProject } from '@rondo/protocol';
import { and, asc, eq, isNotNull, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { type StoredRole, users } from '../tables/people.ts';
import { projectMembers } from '../tables/projects.ts';
import { countRows, type Page } from './page.ts';

const shown = {
  id: users.id,
  username: users.username,
  role: users.role,
  disabled: users.disabled,
  created_at: users.created_at,
  last_sign_in_at: users.last_sign_in_at,
  has_password: isNotNull(users.password_hash).mapWith(Boolean),
  provider: users.provider,
};

/** Identifies a user at a provider. Names do not: a provider can reassign one. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

interface UserChanges {
  readonly role?: StoredRole | undefined;
  readonly disabled?: boolean | undefined;
  readonly password_hash?: string | undefined;
  readonly last_sign_in_at?: string | undefined;
}

export async function hasUsers(db: Db): Promise<boolean> {
  return (await db.select({ id: users.id }).from(users).limit(1)).length > 0;
}

export async function findUserByName(db: Db, username: string) {
  const [user] = await db
    .select({ ...shown, password_hash: users.password_hash })
    .from(users)
    .where(eq(sql`lower(${users.username})`, sql`lower(${username})`));
  return user;
}

export async function findUserByIdentity(db: Db, { issuer, subject }: Identity) {
  const [user] = await db
    .select(shown)
    .from(users)
    .where(and(eq(users.issuer, issuer), eq(users.subject, subject)));
  return user;
}

export async function findUser(db: Db, id: string) {
  const [user] = await db
    .select({ ...shown, password_hash: users.password_hash })
    .from(users)
    .where(eq(users.id, id));
  return user;
}

export async function findEnabledUser(db: Db, id: string) {
  const [user] = await db
    .select(shown)
    .from(users)
    .where(and(eq(users.id, id), eq(users.disabled, false)));
  return user;
}

/**
 * Returns nothing when the name is taken, in whatever case, or the identity. A new user is a viewer of the default project,
 * unless `isMember` says otherwise. [O4]
 */
export async function insertUser(db: Db, user: typeof users.$inferInsert, { isMember = true } = {}) {
  const [inserted] = await db.insert(users).values(user).onConflictDoNothing().returning(shown);
  if (inserted && isMember) {
    const member = { project_id: defaultProject, user_id: user.id, role: 'viewer', added_at: user.created_at } as const;
    await db.insert(projectMembers).values(member);
  }
  return inserted;
}

/** Oldest first. */
export async function listUsers(db: Db, { limit, offset }: Page) {
  const items = await db
    .select(shown)
    .from(users)
    .orderBy(asc(users.created_at), asc(users.id))
    .limit(limit)
    .offset(offset);
  return { items, total: await countRows(db, users, undefined) };
}

export async function updateUser(db: Db, id: string, changes: UserChanges) {
  const [updated] = await db.update(users).set(changes).where(eq(users.id, id)).returning(shown);
  return updated;
}

export async function deleteUser(db: Db, id: string): Promise<void> {
  await db.delete(users).where(eq(users.id, id));
}

/** Locks enabled admins so that two concurrent changes cannot remove the last one. */
export async function lockEnabledAdmins(tx: Db): Promise<string[]> {
  const admins = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'admin'), eq(users.disabled, false)))
    .orderBy(asc(users.id))
    .for('update');
  return admins.map(({ id }) => id);
}
