import { hash, verify } from '@node-rs/argon2';
import { TooMany } from '../errors.ts';
import { createFairPool } from './fair-pool.ts';
import { network } from './network.ts';

// OWASP ASVS 5.0, appendix C: argon2id (the library's default algorithm) with at least 46 MiB.
const cost = { memoryCost: 46 * 1024, timeCost: 1, parallelism: 1 };

// Two hashes at once leave ingest its threads and take 92 MiB at most; with 32 waiting the last waits about a second.
const atOnce = 2;
const waiting = 32;
const refusal = () => new TooMany('too many passwords are being checked; try again in a moment', 1);
const pool = createFairPool({ atOnce, waiting, refusal });

/** The share of the pool that pays for the check; by default, the server's own. */
interface Asker {
  readonly account: string;
  readonly address: string;
}
const theServer: Asker = { account: '', address: '' };

/** Costs as much to verify as any stored hash, and no password matches it. */
const nobodysHash = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${zeros(16)}$${zeros(32)}`;

/** Throws `TooMany` when the bounded pool is full. */
export const hashPassword = (password: string, by: Asker = theServer): Promise<string> =>
  inPool(by, () => hash(password, cost));

/** Without a stored hash it returns false after the same work, so that time does not show which users exist. */
export const verifyPassword = (
  stored: string | null | undefined,
  password: string,
  by: Asker = theServer,
): Promise<boolean> => inPool(by, () => verify(stored ?? nobodysHash, password));

const inPool = <T>({ account, address }: Asker, work: () => Promise<T>): Promise<T> =>
  pool({ account, address: network(address) }, work);

function zeros(bytes: number): string {
  return Buffer.alloc(bytes).toString('base64').replace(/=+$/, '');
}
