import { and, asc, count, eq, sql } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { type StoredRole, users } from '../tables/people.ts';

const shown = {
  id: users.id,
  username: users.username,
  role: users.role,
  disabled: users.disabled,
  created_at: users.created_at,
};

interface NewUser {
  readonly id: string;
  readonly username: string;
  readonly password_hash: string;
  readonly role: StoredRole;
  readonly created_at: string;
}

interface UserChanges {
  readonly role?: StoredRole | undefined;
  readonly disabled?: boolean | undefined;
  readonly password_hash?: string | undefined;
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

export async function findEnabledUser(db: Db, id: string) {
  const [user] = await db
    .select(shown)
    .from(users)
    .where(and(eq(users.id, id), eq(users.disabled, false)));
  return user;
}

/** Answers nothing when the name is taken, in whatever case. */
export async function insertUser(db: Db, user: NewUser) {
  const [inserted] = await db.insert(users).values(user).onConflictDoNothing().returning(shown);
  return inserted;
}

export async function listUsers(db: Db, page: { readonly limit: number; readonly offset: number }) {
  const items = await db
    .select(shown)
    .from(users)
    .orderBy(asc(users.created_at), asc(users.id))
    .limit(page.limit)
    .offset(page.offset);
  const [counted] = await db.select({ total: count() }).from(users);
  return { items, total: counted?.total ?? 0 };
}

export async function updateUser(db: Db, id: string, changes: UserChanges) {
  const [updated] = await db.update(users).set(changes).where(eq(users.id, id)).returning(shown);
  return updated;
}
