import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { TooMany } from '../errors.ts';
import { HOUR, MINUTE, SECOND } from './clock.ts';
import { network } from './network.ts';

/** The account by an id that has one spelling only. [L1] */
export interface Attempt {
  readonly account: string;
  readonly address: string;
}

/**
 * Counts failures only, so any number of people who share one address can sign in. Attempts that are running when the
 * limit is reached still get a result; the pool that checks passwords bounds them.
 */
export function createLoginThrottle() {
  const byUserHere = new RateLimiterMemory({ keyPrefix: 'user at', points: 10, duration: (5 * MINUTE) / SECOND });
  const byAddress = new RateLimiterMemory({ keyPrefix: 'address', points: 100, duration: (5 * MINUTE) / SECOND });
  // A guesser with many addresses gets a hundred tries an hour at one account (OWASP ASVS 4.0, 2.2.1).
  const byAccount = new RateLimiterMemory({ keyPrefix: 'account', points: 100, duration: HOUR / SECOND });

  return {
    /**
     * Throws `TooMany` while this user from this address, this address, or this account from anywhere, has failed too
     * often. The last does not count where the user is known to sign in from, or every stranger could lock every user out.
     */
    async check(attempt: Attempt, isKnownHere: () => Promise<boolean> = async () => false): Promise<void> {
      refuseIfSpent(await byUserHere.get(userHere(attempt)), await byAddress.get(network(attempt.address)));
      const anywhere = await byAccount.get(attempt.account);
      if (waitMs(anywhere) > 0 && !(await isKnownHere())) refuseIfSpent(anywhere);
    },

    async failed(attempt: Attempt): Promise<void> {
      await byUserHere.penalty(userHere(attempt));
      await byAddress.penalty(network(attempt.address));
      await byAccount.penalty(attempt.account);
    },

    async succeeded(attempt: Attempt): Promise<void> {
      await byUserHere.delete(userHere(attempt));
    },
  };
}

export type LoginThrottle = ReturnType<typeof createLoginThrottle>;

const userHere = (attempt: Attempt) => `${attempt.account} ${network(attempt.address)}`;

const waitMs = (count: RateLimiterRes | null) => (count && count.remainingPoints <= 0 ? count.msBeforeNext : 0);

function refuseIfSpent(...counts: (RateLimiterRes | null)[]): void {
  const retryAfterS = Math.ceil(Math.max(...counts.map(waitMs)) / SECOND);
  if (retryAfterS > 0) throw new TooMany('too many failed sign-ins; try again later', retryAfterS);
}
