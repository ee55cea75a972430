import type { FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { TooMany } from '../errors.ts';
import { MINUTE, SECOND } from './clock.ts';
import { network } from './network.ts';

/** Tokens here have 256 bits, so nobody guesses one: these bound the work that a stranger can cause. */
export function createRequestLimit(perMinute: number) {
  const requests = new RateLimiterMemory({ points: perMinute, duration: MINUTE / SECOND });

  /** Counts a request of this address; throws `TooMany` past the number for a minute. */
  return async ({ ip }: FastifyRequest): Promise<void> => {
    try {
      await requests.consume(network(ip));
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new TooMany('too many requests from this address', Math.ceil(error.msBeforeNext / SECOND));
    }
  };
}
