import { randomUUID } from 'node:crypto';
import type { Db } from '../db/db.ts';
import {
  endSession,
  endSessionBySecret,
  endSessionOfUser,
  endSessionsOfUser,
  findOpenSession,
  findUserOfSession,
  insertSession,
  listOpenSessions,
  purgeSessions,
  replaceUnusedSecret,
  rotateSecret,
} from '../db/queries/sessions.ts';
import { NotFound, Unauthorized } from '../errors.ts';
import { type AuditedRequest, recordAudit } from './audit.ts';
import { type Clock, DAY, momentAt, SECOND } from './clock.ts';
import type { Principal, User } from './principal.ts';
import { hashSecret, randomSecret } from './secrets.ts';
import { createTtlCache } from './ttl-cache.ts';

// A session is the family of all refresh tokens that descend from one sign-in (RFC 9700, section 4.14):
//
//   start ──> secret 1 ──refresh──> secret 2 ──refresh──> secret 3 …   until it ends, idles or expires
//                │                     │
//                │ again, while        │ any older secret
//                │ secret 2 is unused  ▼
//                │              the secret was copied: the session ends
//                ├─ within 10 s ──> accepted, no new secret
//                └─ within a day ─> secret 2b, and secret 2 is void
//
// docs/decisions/0010 says why the secret that was just replaced is still accepted.

const absoluteMs = 30 * DAY;
const idleMs = 7 * DAY;
// Two tabs that wake at once both present the same cookie.
const graceMs = 10 * SECOND;
// Covers a lost response, and a laptop that slept before it received one.
const recoveryMs = DAY;

export interface Visit {
  readonly user_agent: string | undefined;
  readonly address: string;
}

export interface RefreshCookie {
  readonly value: string;
  readonly max_age_s: number;
}

export function createSessions(db: Db, now: Clock = Date.now) {
  const listeners = new Set<(session_id: string) => void>();
  // A sign-out on another server is noticed within this second.
  const active = createTtlCache({
    ttlMs: SECOND,
    max: 10_000,
    now,
    load: async (id) => (await findOpenSession(db, id, times())) !== undefined,
  });

  const times = () => ({ now: momentAt(now()), idleSince: momentAt(now() - idleMs) });

  const ended = (id: string) => {
    active.set(id, false);
    for (const listener of listeners) listener(id);
  };

  const cookieOf = (id: string, secret: string, expires_at: string): RefreshCookie => ({
    value: `${id}.${secret}`,
    max_age_s: Math.floor(Math.min(idleMs, Date.parse(expires_at) - now()) / SECOND),
  });

  const endForReuse = async (id: string, username: string, by: AuditedRequest) => {
    await db.transaction(async (tx) => {
      await endSession(tx, id, momentAt(now()));
      const detail = { username, reason: 'a replaced refresh token came back' };
      await recordAudit(tx, by, { action: 'session.end', target_type: 'session', target: id, detail }, now);
    });
    ended(id);
  };

  const noteSignOut = (
    tx: Db,
    { ip, id }: AuditedRequest,
    { user_id, username }: Pick<Principal, 'user_id' | 'username'>,
  ) => {
    const act = { action: 'sign_out', target_type: 'user', target: username } as const;
    return recordAudit(tx, { principal: { user_id, username }, ip, id }, act, now);
  };

  return {
    async start(user: User, visit: Visit, tx: Db = db) {
      const id = randomUUID();
      const secret = randomSecret();
      const expires_at = momentAt(now() + absoluteMs);
      await purgeSessions(tx, momentAt(now()));
      await insertSession(tx, {
        id,
        user_id: user.id,
        secret_hash: hashSecret(secret),
        created_at: momentAt(now()),
        last_used_at: momentAt(now()),
        expires_at,
        user_agent: visit.user_agent?.slice(0, 256),
        address: visit.address,
      });
      return { user, session_id: id, cookie: cookieOf(id, secret, expires_at) };
    },

    /** Throws `Unauthorized` for anything but the newest secret, or the one before while the newest is unused. */
    async refresh(value: string | undefined, by: AuditedRequest) {
      const { id, presented } = parseCookie(value) ?? refuse();
      const secret = randomSecret();
      const change = { id, presented, next: hashSecret(secret), times: times() };
      const replaced = { after: momentAt(now() - recoveryMs), before: momentAt(now() - graceMs) };
      const rotated = (await rotateSecret(db, change)) ?? (await replaceUnusedSecret(db, { ...change, replaced }));
      if (rotated) {
        return { user: rotated.user, session_id: id, cookie: cookieOf(id, secret, rotated.expires_at) };
      }
      const session = (await findOpenSession(db, id, times())) ?? refuse();
      const sinceRotation = session.rotated_at === null ? Infinity : now() - Date.parse(session.rotated_at);
      if (session.previous_hash === presented && sinceRotation <= graceMs) {
        return { user: session.user, session_id: id, cookie: undefined };
      }
      await endForReuse(id, session.user.username, by);
      return refuse();
    },

    /** Ends the session of a cookie, if there is one. */
    async end(value: string | undefined): Promise<void> {
      const cookie = parseCookie(value);
      if (!cookie) return;
      if (await endSessionBySecret(db, cookie.id, cookie.presented, momentAt(now()))) ended(cookie.id);
    },

    /** Ends the session of a cookie, and that of an access token, whichever there are. */
    async signOut(by: AuditedRequest, value: string | undefined, principal: Principal | undefined): Promise<void> {
      const cookie = parseCookie(value);
      const ids = new Set<string>();
      await db.transaction(async (tx) => {
        const user = cookie && (await findUserOfSession(tx, cookie.id));
        if (cookie && user && (await endSessionBySecret(tx, cookie.id, cookie.presented, momentAt(now())))) {
          ids.add(cookie.id);
          await noteSignOut(tx, by, user);
        }
        const own = principal && { id: principal.session_id, user_id: principal.user_id };
        if (!own || ids.has(own.id) || !(await endSessionOfUser(tx, own, times()))) return;
        ids.add(own.id);
        await noteSignOut(tx, by, principal);
      });
      for (const id of ids) ended(id);
    },

    /** Those of a user that are still good, last used first. */
    async listOf({ user_id, session_id }: Principal) {
      const items = await listOpenSessions(db, user_id, times());
      return { items: items.map((item) => ({ ...item, is_current: item.id === session_id })), total: items.length };
    },

    /** Ends one of the caller's sessions. */
    async endOwn(by: AuditedRequest, { user_id, username }: Principal, id: string): Promise<void> {
      await db.transaction(async (tx) => {
        const isEnded = await endSessionOfUser(tx, { id, user_id }, times());
        if (!isEnded) throw new NotFound(`you have no session ${id}`);
        const detail = { username };
        await recordAudit(tx, by, { action: 'session.end', target_type: 'session', target: id, detail }, now);
      });
      ended(id);
    },

    /**
     * Use when a user is disabled, deleted, or gets another role or password, in the same transaction.
     * Returns a function that publishes the end of the sessions; call it after the commit.
     */
    async endAllOf(tx: Db, user_id: string, { except }: { except?: string } = {}): Promise<() => void> {
      const ids = await endSessionsOfUser(tx, user_id, momentAt(now()), except);
      return () => {
        for (const id of ids) ended(id);
      };
    },

    isActive: (session_id: string): Promise<boolean> => active.get(session_id),

    /** Another server ended it. */
    noteEnded(session_id: string): void {
      active.set(session_id, false);
    },

    /** Tells the listeners that one ended which is not a sign-in's: an API key's. */
    announceEnded: (session_id: string): void => ended(session_id),

    /** Tells of every session that this process ends; answers how to stop listening. */
    onEnded(listener: (session_id: string) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export type Sessions = ReturnType<typeof createSessions>;

const cookieForm = /^(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?<secret>[\w-]{43})$/;

function parseCookie(value: string | undefined): { id: string; presented: string } | undefined {
  const { id, secret } = cookieForm.exec(value ?? '')?.groups ?? {};
  return id && secret ? { id, presented: hashSecret(secret) } : undefined;
}

function refuse(): never {
  throw new Unauthorized('the session has ended; sign in again');
}
