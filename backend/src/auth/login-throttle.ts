import { RateLimiterMemory } from 'rate-limiter-flexible';
import { TooMany } from '../errors.ts';
import { MINUTE, SECOND } from './clock.ts';

const windowS = (5 * MINUTE) / SECOND;

interface Attempt {
  readonly username: string;
  readonly address: string;
}

/**
 * Counts failures only, so any number of people behind one address can sign in. Tries already under way when the
 * count is reached are still answered; the pool that checks passwords bounds them.
 */
export function createLoginThrottle() {
  const byUser = new RateLimiterMemory({ points: 10, duration: windowS });
  const byAddress = new RateLimiterMemory({ points: 100, duration: windowS });

  return {
    /** Throws `TooMany` while this user from this address, or this address, has failed too often. */
    async check(attempt: Attempt): Promise<void> {
      const spent = [await byUser.get(userKey(attempt)), await byAddress.get(network(attempt.address))];
      const waitMs = spent.map((count) => (count && count.remainingPoints <= 0 ? count.msBeforeNext : 0));
      const retryAfterS = Math.ceil(Math.max(...waitMs) / SECOND);
      if (retryAfterS > 0) throw new TooMany('too many failed sign-ins; try again later', retryAfterS);
    },

    async failed(attempt: Attempt): Promise<void> {
      await byUser.penalty(userKey(attempt));
      await byAddress.penalty(network(attempt.address));
    },

    async succeeded(attempt: Attempt): Promise<void> {
      await byUser.delete(userKey(attempt));
    },
  };
}

export type LoginThrottle = ReturnType<typeof createLoginThrottle>;

const userKey = ({ username, address }: Attempt) => `${username.toLowerCase()} ${network(address)}`;

/** An IPv6 subscriber owns a whole /64 and could try from each of its addresses. */
const network = (address: string) =>
  address.includes('.') ? address : (address.split('::')[0] ?? '').split(':').slice(0, 4).join(':');
