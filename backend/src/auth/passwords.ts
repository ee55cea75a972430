import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { TooMany } from '../errors.ts';

// OWASP ASVS 5.0, appendix C: argon2id (the library's default algorithm) with at least 46 MiB.
const cost = { memoryCost: 46 * 1024, timeCost: 1, parallelism: 1 };

// Two hashes at once leave ingest its threads and take 92 MiB at most; with 32 waiting the last waits about a second.
const atOnce = 2;
const waiting = 32;
const pool = pLimit(atOnce);

/** Costs as much to verify as any stored hash, and no password matches it. */
const nobodysHash = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${zeros(16)}$${zeros(32)}`;

/** Throws `TooMany` when the bounded pool is full. */
export const hashPassword = (password: string): Promise<string> => inPool(() => hash(password, cost));

/** Without a stored hash it answers false after the same work, so that time does not tell which users exist. */
export const verifyPassword = (stored: string | null | undefined, password: string): Promise<boolean> =>
  inPool(() => verify(stored ?? nobodysHash, password));

async function inPool<T>(work: () => Promise<T>): Promise<T> {
  if (pool.activeCount + pool.pendingCount >= atOnce + waiting) {
    throw new TooMany('too many passwords are being checked; try again in a moment', 1);
  }
  return pool(work);
}

function zeros(bytes: number): string {
  return Buffer.alloc(bytes).toString('base64').replace(/=+$/, '');
}
