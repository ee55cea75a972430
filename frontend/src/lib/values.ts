import type { MetricValue } from '@rondo/protocol';

/** The number that a wire value stands for; `null` (nothing was reported) stays `null`. */
export const numberOf = (value: MetricValue | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

/** `null` and non-finite values have no place on an axis. */
export const isPlottable = (value: number | null): value is number => value !== null && Number.isFinite(value);
