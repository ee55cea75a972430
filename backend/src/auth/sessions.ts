import { randomUUID } from 'node:crypto';
import type { Db } from '../db/database.ts';
import {
  endSession,
  endSessionBySecret,
  endSessionsOfUser,
  findOpenSession,
  insertSession,
  purgeSessions,
  rotateSecret,
} from '../db/queries/sessions.ts';
import { Unauthorized } from '../errors.ts';
import { type Clock, DAY, momentAt, SECOND } from './clock.ts';
import type { User } from './principal.ts';
import { hashSecret, randomSecret } from './secrets.ts';
import { createTtlCache } from './ttl-cache.ts';

// A session is the family of all refresh tokens that descend from one sign-in (RFC 9700, section 4.14):
//
//   start ──> secret 1 ──refresh──> secret 2 ──refresh──> secret 3 …   until it ends, idles or expires
//                │                     │
//                │ again, within 10 s  │ a secret that is neither the newest nor just replaced
//                ▼                     ▼
//          answered, no new      somebody holds a copy: the session ends
//              secret

const absoluteMs = 30 * DAY;
const idleMs = 7 * DAY;
// Two tabs that wake at once both present the same cookie.
const graceMs = 10 * SECOND;

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

  return {
    async start(user: User, visit: Visit) {
      const id = randomUUID();
      const secret = randomSecret();
      const expires_at = momentAt(now() + absoluteMs);
      await purgeSessions(db, momentAt(now()));
      await insertSession(db, {
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

    /** Throws `Unauthorized` for anything but the newest secret, or the one that was replaced a moment ago. */
    async refresh(value: string | undefined) {
      const { id, presented } = parseCookie(value) ?? refuse();
      const secret = randomSecret();
      const rotated = await rotateSecret(db, { id, presented, next: hashSecret(secret), times: times() });
      if (rotated) {
        return { user: rotated.user, session_id: id, cookie: cookieOf(id, secret, rotated.expires_at) };
      }
      const session = (await findOpenSession(db, id, times())) ?? refuse();
      const sinceRotation = session.rotated_at === null ? Infinity : now() - Date.parse(session.rotated_at);
      if (session.previous_hash === presented && sinceRotation <= graceMs) {
        return { user: session.user, session_id: id, cookie: undefined };
      }
      await endSession(db, id, momentAt(now()));
      ended(id);
      return refuse();
    },

    /** Ends the session of a cookie, if there is one. */
    async end(value: string | undefined): Promise<void> {
      const cookie = parseCookie(value);
      if (!cookie) return;
      if (await endSessionBySecret(db, cookie.id, cookie.presented, momentAt(now()))) ended(cookie.id);
    },

    /** To be called when a user is disabled or deleted, or gets another role or password. */
    async endAllOf(user_id: string): Promise<void> {
      for (const id of await endSessionsOfUser(db, user_id, momentAt(now()))) ended(id);
    },

    isActive: (session_id: string): Promise<boolean> => active.get(session_id),

    /** Another server ended it. */
    hearEnded(session_id: string): void {
      active.set(session_id, false);
    },

    /** Tells of every session that this process ends; answers how to stop listening. */
    onEnded(listener: (session_id: string) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const cookieForm = /^(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?<secret>[\w-]{43})$/;

function parseCookie(value: string | undefined): { id: string; presented: string } | undefined {
  const { id, secret } = cookieForm.exec(value ?? '')?.groups ?? {};
  return id && secret ? { id, presented: hashSecret(secret) } : undefined;
}

function refuse(): never {
  throw new Unauthorized('the session has ended; sign in again');
}
