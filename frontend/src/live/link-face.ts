import { timings } from './connection.ts';
import type { Connection } from './connection-types.ts';

/** What the screen says of the link. */
export type LinkFace =
  | { readonly face: 'live'; readonly age_ms: number }
  /** REST is asked instead, because no socket gets through. */
  | { readonly face: 'polling'; readonly age_ms: number; readonly every_ms: number }
  | { readonly face: 'stale'; readonly age_ms: number; readonly retry_in_ms: number | null }
  | { readonly face: 'waiting'; readonly retry_in_ms: number }
  | { readonly face: 'connecting' }
  | { readonly face: 'unauthorized' }
  | { readonly face: 'missing' };

/** A link that drops and is back at once is no reason to alarm anybody; the promise is 5 s. */
const staleAfterMs = 2_000;

/** Half a second over the time in which a living link is found dead, for a timer that came late. */
const liveForMs = timings.lostAfterMs + 500;

/** Two polls may be lost before what they brought counts as old. */
const polledForMs = 3 * timings.pollMs;

export function linkFace(connection: Connection, now: number): LinkFace {
  const { state, polled_at } = connection;
  const heard_at = Math.max(connection.last_heard_at ?? -1, polled_at ?? -1);
  const age_ms = heard_at < 0 ? null : Math.max(0, now - heard_at);
  if (state === 'unauthorized') return { face: 'unauthorized' };
  if (connection.is_missing) return { face: 'missing' };
  if (state === 'live' && age_ms !== null && age_ms < liveForMs) return { face: 'live', age_ms };
  const isPolling = connection.poll_at !== null && polled_at !== null;
  if (isPolling && now - polled_at < polledForMs) {
    return { face: 'polling', age_ms: Math.max(0, now - polled_at), every_ms: timings.pollMs };
  }
  const retry_in_ms = state === 'waiting' ? Math.max(0, connection.retry_at - now) : null;
  if (age_ms !== null && age_ms >= staleAfterMs) return { face: 'stale', age_ms, retry_in_ms };
  return retry_in_ms === null ? { face: 'connecting' } : { face: 'waiting', retry_in_ms };
}
