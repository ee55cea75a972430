import type { Waiting } from '@rondo/protocol';

type ClosingNow = NonNullable<Waiting['closing_now']>;
type Outstanding = Waiting['outstanding'][number];

export interface ClosePreview {
  readonly num_counted: number;
  readonly num_missing: number;
  /** Until the expected end; null where that is not known. */
  readonly saved_ms: number | null;
  /** Null where the size of a missing data set is not known. */
  readonly examples_lost_share: number | null;
}

/**
 * When a client is expected to answer, in milliseconds from now: by its usual time; once that has passed, by its bound; past
 * the bound nothing is expected of it. Null is never.
 */
export function expectedInMs({ elapsed_ms, usual_ms, bound_ms }: Outstanding): number | null {
  if (usual_ms !== null && usual_ms > elapsed_ms) return usual_ms - elapsed_ms;
  return bound_ms !== null && bound_ms > elapsed_ms ? bound_ms - elapsed_ms : null;
}

/** What a round that is closed after a further wait would count, save and lose. */
export function closePreview(
  closing: ClosingNow,
  outstanding: readonly Outstanding[],
  sizeOf: (client_id: string) => number | null,
  wait_ms: number,
): ClosePreview {
  const isMissing = (each: Outstanding) => {
    const expected = expectedInMs(each);
    return expected === null || expected > wait_ms;
  };
  const missing = outstanding.filter(isMissing);
  const returned = wait_ms === 0 ? 0 : outstanding.length - missing.length;
  return {
    num_counted: closing.num_counted + returned,
    num_missing: Math.max(0, closing.num_missing - returned),
    saved_ms: closing.time_saved_ms === null ? null : Math.max(0, closing.time_saved_ms - wait_ms),
    examples_lost_share:
      wait_ms === 0 ? closing.examples_lost_share : scaledLoss(closing, outstanding, missing, sizeOf),
  };
}

/** The share that is lost now, times the part of the missing examples that would still be missing. */
function scaledLoss(
  { examples_lost_share, num_missing }: ClosingNow,
  outstanding: readonly Outstanding[],
  missing: readonly Outstanding[],
  sizeOf: (client_id: string) => number | null,
): number | null {
  // Of a list that was cut, the rest is not known.
  if (examples_lost_share === null || outstanding.length < num_missing) return null;
  const sizes = outstanding.map(({ client_id }) => sizeOf(client_id));
  if (sizes.some((size) => size === null)) return null;
  const all = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const still = missing.reduce((sum, { client_id }) => sum + (sizeOf(client_id) ?? 0), 0);
  return all === 0 ? null : examples_lost_share * (still / all);
}

/** How far the slider goes: to the expected end, else until the last client that is expected. */
export function longestWaitMs(closing: ClosingNow, outstanding: readonly Outstanding[]): number {
  const last = outstanding.reduce((longest, each) => Math.max(longest, expectedInMs(each) ?? 0), 0);
  return Math.max(closing.time_saved_ms ?? 0, last);
}
