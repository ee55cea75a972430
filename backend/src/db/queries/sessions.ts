import { and, eq, gt, isNull, lt, or } from 'drizzle-orm';
import type { Db } from '../database.ts';
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

/** Of two that present the same secret at once, one is answered. */
export async function rotateSecret(
  db: Db,
  { id, presented, next, times }: { id: string; presented: string; next: string; times: SessionTimes },
) {
  const [rotated] = await db
    .update(sessions)
    .set({ secret_hash: next, previous_hash: presented, rotated_at: times.now, last_used_at: times.now })
    .from(users)
    .where(and(eq(users.id, sessions.user_id), eq(sessions.id, id), eq(sessions.secret_hash, presented), isOpen(times)))
    .returning(withUser);
  return rotated;
}

export async function findOpenSession(db: Db, id: string, times: SessionTimes) {
  const [session] = await db
    .select({ ...withUser, previous_hash: sessions.previous_hash, rotated_at: sessions.rotated_at })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user_id))
    .where(and(eq(sessions.id, id), isOpen(times)));
  return session;
}

export async function endSession(db: Db, id: string, now: string): Promise<void> {
  await db
    .update(sessions)
    .set({ ended_at: now })
    .where(and(eq(sessions.id, id), isNull(sessions.ended_at)));
}

/** Ends the session whose present or previous secret this is; answers whether there was one. */
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

export async function endSessionsOfUser(db: Db, user_id: string, now: string): Promise<string[]> {
  const ended = await db
    .update(sessions)
    .set({ ended_at: now })
    .where(and(eq(sessions.user_id, user_id), isNull(sessions.ended_at)))
    .returning({ id: sessions.id });
  return ended.map(({ id }) => id);
}

export async function purgeSessions(db: Db, now: string): Promise<void> {
  await db.delete(sessions).where(lt(sessions.expires_at, now));
}
