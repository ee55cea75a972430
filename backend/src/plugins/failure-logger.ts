import type { FastifyBaseLogger } from 'fastify';
import { createBound } from '../auth/bound.ts';
import { MINUTE } from '../auth/clock.ts';

const perMinute = 60;

/** Logs failures with their stack; past a number a minute they are counted, and the next entry has the count. [M6] */
export function createFailureLogger(now: () => number = Date.now) {
  const bound = createBound({ max: perMinute, everyMs: MINUTE, now });
  return (log: Pick<FastifyBaseLogger, 'error'>, err: unknown): void => {
    const place = bound.take();
    if (place) log.error({ err, ...(place.leftOut > 0 && { unlogged_before: place.leftOut }) }, 'request failed');
  };
}
