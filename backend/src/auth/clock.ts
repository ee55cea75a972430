/** Milliseconds since 1970, as `Date.now` gives them. */
export type Clock = () => number;

export const momentAt = (ms: number): string => new Date(ms).toISOString();

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
