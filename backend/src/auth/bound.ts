interface BoundOptions {
  readonly max: number;
  readonly everyMs: number;
  readonly now: () => number;
}

/** Admits `max` entries in each period and counts the others, so that a log neither grows without bound nor hides it. */
export function createBound({ max, everyMs, now }: BoundOptions) {
  let period = Number.NaN;
  let admitted = 0;
  let leftOut = 0;

  return {
    /** Undefined past the bound; otherwise how many were left out since the last one that was admitted. */
    take(): { readonly leftOut: number } | undefined {
      const current = Math.floor(now() / everyMs);
      if (current !== period) [period, admitted] = [current, 0];
      if (admitted >= max) {
        leftOut += 1;
        return undefined;
      }
      admitted += 1;
      const before = leftOut;
      leftOut = 0;
      return { leftOut: before };
    },
  };
}
