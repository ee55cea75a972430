import { setTimeout as wait } from 'node:timers/promises';
import type { Options, Sql, UnsafeQueryOptions } from 'postgres';
import { Connection, type Statements } from './connection.ts';
import { Hosts } from './hosts.ts';
import { begin } from './transaction.ts';
import { isTransient, poolErrorCode } from './transient.ts';

export interface PoolUsage {
  readonly size: number;
  readonly open: number;
  readonly in_use: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
}

// Stay open once they are.
const kept = 10;
// Opened when all of these are at work, and closed when idle.
const extra = 20;
const idleMs = 10_000;
// A connection's memory on the server grows with what it has seen; also the time in which a moved server is found.
const lifetimeMs = 30 * 60_000;
// Shorter than a browser's or a proxy's own patience.
const patienceMs = 10_000;
const shortestPauseMs = 50;
const longestPauseMs = 1_000;
// After the first pause, and when the sockets of a server that went away have closed.
const beforeRetryMs = 100;

/**
 * Connections to a PostgreSQL server.
 *
 *   acquire ─▶ the one used last ─▶ a new one, up to 30 ─▶ wait in line, at most `patienceMs`, then 503
 *   release ─▶ the next in line ─▶ idle ─▶ closed when it is old, or idle and more than `kept` are open
 *
 * A server that does not respond is retried after a pause that doubles up to a second; until then callers are refused. Of
 * several servers each is tried before the pause. [D4]
 */
export class Pool {
  /** All that drizzle's session uses of postgres.js. */
  readonly client: Sql;
  readonly #connect: (onClose: (connection: Connection) => void) => Connection;
  readonly #hosts: Hosts;
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #line: PromiseWithResolvers<Connection>[] = [];
  #failures = 0;
  #closedUntil = 0;

  constructor(url: string, options: Options<Record<string, never>>) {
    this.#hosts = new Hosts(url);
    this.#connect = (onClose) => new Connection(this.#hosts.current, options, onClose);
    // The options that every connection shares; drizzle only writes to them.
    const forDrizzle = { parsers: {}, serializers: {} };
    this.client = {
      options: forDrizzle,
      unsafe: (text: string, parameters?: never[], how?: UnsafeQueryOptions) => this.#ask(text, parameters, how),
      begin: (work: (tx: Statements) => Promise<unknown>) => this.#transact(work),
    } as unknown as Sql;
  }

  usage = (): PoolUsage => ({
    size: kept + extra,
    open: this.#open.size,
    in_use: this.#open.size - this.#idle.length,
    waiting: this.#line.length,
  });

  end = async (): Promise<void> => {
    await Promise.all([...this.#open].map((connection) => connection.close(5)));
  };

  #ask(text: string, parameters?: never[], how?: UnsafeQueryOptions) {
    let isArrays = false;
    const once = () =>
      this.#with(async (connection) => {
        const answer = connection.unsafe(text, parameters, how);
        return isArrays ? await answer.values() : await answer;
      });
    // In the next turn, when the caller has said whether it wants arrays.
    const answer = Promise.resolve().then(() => (/^\s*select\b/i.test(text) ? twice(once) : once()));
    const values = () => {
      isArrays = true;
      return answer;
    };
    return Object.assign(answer, { values });
  }

  /** Its first statement finds out whether the connection is alive, before anything depends on it. */
  async #transact(work: (tx: Statements) => Promise<unknown>): Promise<unknown> {
    const connection = await twice(async () => {
      const taken = await this.#acquire();
      try {
        await taken.unsafe('begin');
        return taken;
      } catch (error) {
        this.#release(taken);
        throw error;
      }
    });
    try {
      return await begin(connection, work);
    } finally {
      this.#release(connection);
    }
  }

  async #with<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#acquire();
    try {
      return await work(connection);
    } finally {
      this.#release(connection);
    }
  }

  async #acquire(): Promise<Connection> {
    const idle = this.#idle.pop();
    if (idle) {
      clearTimeout(idle.idleTimer);
      return idle;
    }
    if (this.#open.size < kept + extra) return this.#openOne();
    const turn = Promise.withResolvers<Connection>();
    this.#line.push(turn);
    const timer = setTimeout(() => {
      this.#line.splice(this.#line.indexOf(turn), 1);
      turn.reject(new PoolError('every connection to the database is at work'));
    }, patienceMs);
    return turn.promise.finally(() => clearTimeout(timer));
  }

  async #openOne(): Promise<Connection> {
    if (Date.now() < this.#closedUntil) throw new PoolError('the database refused the last connection');
    const connection = this.#connect((closed) => this.#forget(closed));
    this.#open.add(connection);
    if (this.#hosts.addresses.length > 1) await connection.mustTakeWrites();
    return connection;
  }

  #release(connection: Connection): void {
    if (connection.isClosed) return;
    this.#failures = 0;
    if (Date.now() - connection.openedAt > lifetimeMs) return void connection.close();
    const next = this.#line.shift();
    if (next) {
      next.resolve(connection);
      return;
    }
    this.#idle.push(connection);
    const closeExtra = () => {
      if (this.#open.size > kept) void connection.close();
    };
    if (this.#open.size > kept) connection.idleTimer = setTimeout(closeExtra, idleMs).unref();
  }

  #forget(closed: Connection): void {
    this.#open.delete(closed);
    const position = this.#idle.indexOf(closed);
    if (position >= 0) this.#idle.splice(position, 1);
    if (!closed.hasAnswered || closed.takesNoWrites) {
      this.#failures += 1;
      const rounds = Math.floor(this.#failures / this.#hosts.addresses.length);
      this.#hosts.failed(closed.url);
      if (rounds > 0) this.#closedUntil = Date.now() + Math.min(shortestPauseMs * 2 ** (rounds - 1), longestPauseMs);
    }
    // Frees its place for the next in line. If the server is down, all waiting callers learn it now.
    const isUseful = closed.hasAnswered && !closed.takesNoWrites;
    for (const turn of this.#line.splice(0, isUseful ? 1 : this.#line.length)) {
      this.#acquire().then(turn.resolve, turn.reject);
    }
  }
}

class PoolError extends Error {
  readonly code = poolErrorCode;
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
