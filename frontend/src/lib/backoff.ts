const firstMs = 500;
const capMs = 15_000;

/** Full jitter: anywhere up to a bound that doubles, so that many viewers do not come back all at once. */
export const backoffMs = (attempt: number, random: () => number): number =>
  random() * Math.min(capMs, firstMs * 2 ** attempt);
