const shortestMs = 200;
const longestMs = 15_000;
// A proxy that says "come back tomorrow" must not end a run's live view.
const longestRetryAfterMs = 5 * 60_000;

/** Full jitter: a time between 0.2 s and a bound that doubles with each attempt up to 15 s. [R8] */
export function backoffMs(attempt: number, random: () => number): number {
  const bound = Math.min(longestMs, shortestMs * 2 ** Math.min(attempt, 16));
  return shortestMs + random() * (bound - shortestMs);
}

/** The wait that a `Retry-After` header asks for (seconds or a date), or 0. [R8] */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), longestRetryAfterMs);
}
