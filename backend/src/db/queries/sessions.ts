import { and, desc, eq, gt, gte, isNull, lt, ne, or } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { sessions, users } from '../tables/people.ts';

/** The moments against which a session is judged. */
export interface SessionTimes {
  readonly now: string;
  /** A session last used before this has been idle for too long. */
  readonly idleSince: string;
}

const isOpen = ({ now, idleSince }: SessionTimes) =>
  and(
    isNull(sessions.ended_at),
    gt(sessions.expires_at, now),
    gt(sessions.last_used_at, idleSince),
    eq(users.disabled, false),
  );

const withUser = {
  id: sessions.id,
  expires_at: sessions.expires_at,
  user: { id: users.id, username: users.username, role: users.role },
};

export async function insertSession(db: Db, session: typeof sessions.$inferInsert): Promise<void> {
  await db.insert(sessions).values(session);
}

interface SecretChange {
  readonly id: string;
  readonly presented: string;
  readonly next: string;
  readonly times: SessionTimes;
}

/** If two requests present one secret at once, only one succeeds. */
export async function rotateSecret(db: Db, { id, presented, next, times }: SecretChange) {
  const [rotated] = await db
    .update(sessions)
    .set({ secret_hash: next, previous_hash: presented, rotated_at: times.now, last_used_at: times.now })
    .from(users)
    .where(and(eq(users.id, sessions.user_id), eq(sessions.id, id), eq(sessions.secret_hash, presented), isOpen(times)))
    .returning(withUser);
  return rotated;
}

/** For who presents the secret before the newest: voids that one, if it has not been used and was made in this time. */
export async function replaceUnusedSecret(
  db: Db,
  { id, presented, next, times, replaced }: SecretChange & { replaced: { after: string; before: string } },
) {
  const [rotated] = await db
    .update(sessions)
    .set({ secret_hash: next, rotated_at: times.now, last_used_at: times.now })
    .from(users)
    .where(
      and(
        eq(users.id, sessions.user_id),
        eq(sessions.id, id),
        eq(sessions.previous_hash, presented),
        gte(sessions.rotated_at, replaced.after),
        lt(sessions.rotated_at, replaced.before),
        isOpen(times),
      ),
    )
    .returning(withUser);
  return rotated;
}

/** More sessions than a person reads; the least recently used are left out. */
const maxListed = 200;

export async function listOpenSessions(db: Db, user_id: string, times: SessionTimes) {
  return db
    .select({
      id: sessions.id,
      created_at: sessions.created_at,
      last_used_at: sessions.last_used_at,
      expires_at: sessions.expires_at,
      user_agent: sessions.user_agent,
      address: sessions.address,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user_id))
    .where(and(eq(sessions.user_id, user_id), isOpen(times)))
    .orderBy(desc(sessions.last_used_at), desc(sessions.id))
    .limit(maxListed);
}

/** Answers whether the user had this session. */
export async function endSessionOfUser(
  db: Db,
  { id, user_id }: { id: string; user_id: string },
  { now }: SessionTimes,
): Promise<boolean> {
  const ended = await db
    .update(sessions)
    .set({ ended_at: now })
    .where(
      and(eq(sessions.id, id), eq(sessions.user_id, user_id), isNull(sessions.ended_at), gt(sessions.expires_at, now)),
    )
    .returning({ id: sessions.id });
  return ended.length > 0;
}

/** True if this user recently signed in from this address. */
export async function hasSessionFrom(db: Db, user_id: string, address: string): Promise<boolean> {
  const found = await db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.user_id, user_id), eq(sessions.address, address)))
    .limit(1);
  return found.length > 0;
}

export async function findOpenSession(db: Db, id: string, times: SessionTimes) {
  const [session] = await db
    .select({ ...withUser, previous_hash: sessions.previous_hash, rotated_at: sessions.rotated_at })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user_id))
    .where(and(eq(sessions.id, id), isOpen(times)));
  return session;
}

export async function findUserOfSession(db: Db, id: string) {
  const [user] = await db
    .select({ user_id: users.id, username: users.username, role: users.role })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user_id))
    .where(eq(sessions.id, id));
  return user;
}

export async function endSession(db: Db, id: string, now: string): Promise<void> {
  await db
    .update(sessions)
    .set({ ended_at: now })
    .where(and(eq(sessions.id, id), isNull(sessions.ended_at)));
}

/** Ends the session that has this as its current or previous secret. Returns true if one existed. */
export async function endSessionBySecret(db: Db, id: string, presented: string, now: string): Promise<boolean> {
  const ended = await db
    .update(sessions)
    .set({ ended_at: now })
    .where(
      and(
        eq(sessions.id, id),
        isNull(sessions.ended_at),
        or(eq(sessions.secret_hash, presented), eq(sessions.previous_hash, presented)),
      ),
    )
    .returning({ id: sessions.id });
  return ended.length > 0;
}

export async function endSessionsOfUser(
  db: Db,
  user_id: string,
  now: string,
  except?: string | undefined,
): Promise<string[]> {
  const ended = await db
    .update(sessions)
    .set({ ended_at: now })
    .where(
      and(
        eq(sessions.user_id, user_id),
        isNull(sessions.ended_at),
        except === undefined ? undefined : ne(sessions.id, except),
      ),
    )
    .returning({ id: sessions.id });
  return ended.map(({ id }) => id);
}

export async function purgeSessions(db: Db, now: string): Promise<void> {
  await db.delete(sessions).where(lt(sessions.expires_at, now));
}
