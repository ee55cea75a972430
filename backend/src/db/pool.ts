import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { Hosts } from './hosts.ts';
import { ask, lost, type Rows, type Statement } from './statement.ts';
import { Transaction } from './transaction.ts';
import { isTransient } from './transient.ts';

export interface PoolUsage {
  readonly size: number;
  readonly open: number;
  readonly in_use: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
}

/** Where the database is: a URL, which may name several hosts, or what connects to the embedded one. */
export type Place = { readonly url: string } | { readonly connect: () => Duplex };

interface Limits {
  /** Connections at most. */
  readonly size: number;
  /** Connections that stay open while idle. */
  readonly kept: number;
  /** How long a caller waits for a connection before it is asked to retry. 0: as long as it takes. */
  readonly patienceMs: number;
}

// A connection's memory on the server grows with what it has seen.
const lifetimeS = 30 * 60;
const idleMs = 10_000;
const graceMs = 5_000;
// When the sockets of a server that went away have closed.
const beforeRetryMs = 100;

/**
 * Connections to the database: pg-pool with what Rondo needs beyond it. A read, or the start of a transaction, that finds
 * its connection dead is sent once more; of several hosts the one that accepts writes is used [D4]; every error about a
 * connection is transient. drizzle recognizes a pool by the name of its class.
 */
export class Pool {
  readonly #pool: pg.Pool;
  readonly #size: number;
  readonly #hosts: Hosts | undefined;
  readonly #open = new Set<pg.PoolClient>();

  constructor(place: Place, { size, kept, patienceMs }: Limits, settings: pg.ClientConfig = {}) {
    this.#size = size;
    this.#hosts = 'url' in place ? new Hosts(place.url) : undefined;
    this.#pool = new pg.Pool({
      ...settings,
      ...common,
      ...('url' in place
        ? { connectionString: this.#hosts?.current }
        : { stream: place.connect, user: 'postgres', database: 'postgres' }),
      max: size,
      min: kept,
      idleTimeoutMillis: idleMs,
      connectionTimeoutMillis: patienceMs,
      maxLifetimeSeconds: size > 1 ? lifetimeS : 0,
      // Statements of one transaction travel together.
      pipeline: true,
      ...(this.#numHosts > 1 && { onConnect: mustAcceptWrites }),
    });
    this.#pool.on('connect', (client) => {
      this.#open.add(client);
      // What is under way fails by itself; without this, a lost connection would end the process.
      client.on('error', () => {});
    });
    this.#pool.on('remove', (client) => this.#open.delete(client));
    // An idle connection was lost, and the pool has removed it.
    this.#pool.on('error', () => {});
  }

  get #numHosts(): number {
    return this.#hosts?.addresses.length ?? 1;
  }

  usage = (): PoolUsage => ({
    size: this.#size,
    open: this.#pool.totalCount,
    in_use: this.#pool.totalCount - this.#pool.idleCount,
    waiting: this.#pool.waitingCount,
  });

  async query(statement: Statement, values?: readonly unknown[]): Promise<Rows> {
    const once = async () => {
      if (this.#size === 1) {
        const client = await this.#acquire();
        const asked = ask(client, statement, values);
        // What others ask next follows it: the only connection need not wait for its answer.
        client.release();
        return asked;
      }
      let rows: Rows | undefined;
      const client = await this.#acquireFor(async (one) => {
        rows = await ask(one, statement, values);
      });
      client.release();
      return rows as Rows;
    };
    const text = typeof statement === 'string' ? statement : statement.text;
    return /^\s*select\b/i.test(text) ? twice(once) : once();
  }

  /** A connection for a transaction, taken when its first statement is sent. */
  connect = async (): Promise<Transaction> =>
    new Transaction((start) => twice(() => this.#acquireFor(start)), { isOnly: this.#size === 1 });

  /** Waits a little for what is under way. */
  async end(): Promise<void> {
    const ended = this.#pool.end();
    const isOver = new AbortController();
    const grace = wait(graceMs, undefined, { signal: isOver.signal }).then(
      () => {
        for (const client of this.#open) client.connection.stream.destroy();
      },
      () => {},
    );
    await Promise.race([ended, grace]);
    isOver.abort();
  }

  /** A connection on which `start` succeeded. */
  async #acquireFor(start: (client: pg.PoolClient) => Promise<void>): Promise<pg.PoolClient> {
    const client = await this.#acquire();
    try {
      await start(client);
      return client;
    } catch (error) {
      client.release(isTransient(error));
      throw error;
    }
  }

  async #acquire(): Promise<pg.PoolClient> {
    for (let tries = 1; ; tries++) {
      const address = this.#hosts?.current;
      try {
        return await this.#pool.connect();
      } catch (error) {
        if (tries >= this.#numHosts) throw lost(error);
        if (address) this.#hosts?.failed(address);
        this.#pool.options.connectionString = this.#hosts?.current;
      }
    }
  }
}

const common = {
  application_name: 'rondo',
  options: '-c timezone=UTC',
  // A server that vanished without a word is noticed.
  keepAlive: true,
};

/** A standby answers reads with what it knew a moment ago, so it gets none. [D4] */
async function mustAcceptWrites(client: pg.ClientBase): Promise<void> {
  const asked = "select current_setting('transaction_read_only') as is_read_only";
  const { rows } = await client.query<{ is_read_only: string }>(asked);
  if (rows[0]?.is_read_only === 'on') throw new Error('the database server is a standby');
}

/** A connection may have died since it was last used: what has changed nothing is asked once more. */
async function twice<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isTransient(error)) throw error;
    await wait(beforeRetryMs);
    return ask();
  }
}
