import { timings } from './connection.ts';
import type { Connection } from './connection-types.ts';

/** What the screen says of the link. */
export type LinkFace =
  | { readonly face: 'live'; readonly age_ms: number }
  | { readonly face: 'stale'; readonly age_ms: number; readonly retry_in_ms: number | null }
  | { readonly face: 'waiting'; readonly retry_in_ms: number }
  | { readonly face: 'connecting' }
  | { readonly face: 'unauthorized' }
  | { readonly face: 'missing' };

/** A link that drops and is back at once is no reason to alarm anybody; the promise is 5 s. */
const staleAfterMs = 2_000;

/** Half a second over the time in which a living link is found dead, for a timer that came late. */
const liveForMs = timings.lostAfterMs + 500;

export function linkFace(connection: Connection, now: number): LinkFace {
  const { state, last_heard_at } = connection;
  const age_ms = last_heard_at === null ? null : Math.max(0, now - last_heard_at);
  if (state === 'unauthorized') return { face: 'unauthorized' };
  if (connection.is_missing) return { face: 'missing' };
  if (state === 'live' && age_ms !== null && age_ms < liveForMs) return { face: 'live', age_ms };
  const retry_in_ms = state === 'waiting' ? Math.max(0, connection.retry_at - now) : null;
  if (age_ms !== null && age_ms >= staleAfterMs) return { face: 'stale', age_ms, retry_in_ms };
  return retry_in_ms === null ? { face: 'connecting' } : { face: 'waiting', retry_in_ms };
}
