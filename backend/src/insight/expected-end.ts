/** Wrong in so many of a hundred rounds. */
const alpha = 0.1;
/** The newest rounds that say how long one takes: an older federation may have been another one. */
const windowRounds = 50;
export const leastRounds = Math.ceil(1 / alpha) - 1;

export interface Bound {
  readonly likelyMs: number;
  readonly upperMs: number;
}

/**
 * Split-conformal upper bound of the next duration: the ⌈(m + 1)(1 − α)⌉-th smallest of the last m, which a new one that
 * is exchangeable with them exceeds with probability at most α. Undefined below nine rounds.
 *
 * A round that runs for `elapsedMs` already is compared with those that took longer, for among these it is exchangeable.
 */
export function boundOf(durationsMs: readonly number[], elapsedMs = 0): Bound | undefined {
  const longer = durationsMs.slice(-windowRounds).filter((ms) => ms > elapsedMs);
  if (longer.length < leastRounds) return undefined;
  const sorted = longer.sort((a, b) => a - b);
  const rank = Math.ceil((sorted.length + 1) * (1 - alpha));
  return {
    likelyMs: sorted[Math.floor((sorted.length - 1) / 2)] as number,
    upperMs: sorted[Math.min(rank, sorted.length) - 1] as number,
  };
}

/** How often the bound held that each of the last rounds had when it began. */
export function achievedCoverage(durationsMs: readonly number[]): { held: number; of: number } {
  let [held, of] = [0, 0];
  for (let at = Math.max(leastRounds, durationsMs.length - windowRounds); at < durationsMs.length; at++) {
    const bound = boundOf(durationsMs.slice(Math.max(0, at - windowRounds), at));
    if (!bound) continue;
    of += 1;
    if ((durationsMs[at] as number) <= bound.upperMs) held += 1;
  }
  return { held, of };
}
