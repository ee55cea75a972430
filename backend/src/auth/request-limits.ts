import type { FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { TooMany } from '../errors.ts';
import { MINUTE, SECOND } from './clock.ts';
import { network } from './network.ts';

export interface RequestLimit {
  /** Counts a request of this address; throws `TooMany` past the number for a minute. */
  (request: Pick<FastifyRequest, 'ip'>): Promise<void>;
  /** A request that was counted proved to be one that does not count. */
  readonly forgive: (request: Pick<FastifyRequest, 'ip'>) => Promise<void>;
}

/** Tokens have 256 bits, so guessing one is out of reach: these limits bound the work that a stranger can cause. */
export function createRequestLimit(perMinute: number): RequestLimit {
  const requests = new RateLimiterMemory({ points: perMinute, duration: MINUTE / SECOND });

  const count = async ({ ip }: Pick<FastifyRequest, 'ip'>): Promise<void> => {
    try {
      await requests.consume(network(ip));
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new TooMany('too many requests from this address', Math.ceil(error.msBeforeNext / SECOND));
    }
  };
  const forgive = async ({ ip }: Pick<FastifyRequest, 'ip'>): Promise<void> => {
    await requests.reward(network(ip));
  };
  return Object.assign(count, { forgive });
}
