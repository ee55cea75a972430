export interface Slope {
  /** Of the value, for one of x. */
  readonly perX: number;
  /** Its standard error. */
  readonly error: number;
}

/** The straight line through the points, by least squares. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const perX = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - perX * (x - meanX)) ** 2, 0);
  return { perX, error: Math.sqrt(rest / Math.max(1, count - 2) / spread) };
}

export type Verdict = 'steady' | 'grows' | 'too short to tell';

/** Two standard errors on each side: a short run has wide ones, and says so. */
export function verdictOf({ perX, error }: Slope, limit: number): Verdict {
  if (perX + 2 * error <= limit) return 'steady';
  return perX - 2 * error > limit ? 'grows' : 'too short to tell';
}
