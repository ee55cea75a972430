import type pg from 'pg';
import { ask, type Rows, type Statement, wasLost } from './statement.ts';

/** Gives a connection on which `start` succeeded. */
type Acquire = (start: (client: pg.PoolClient) => Promise<void>) => Promise<pg.PoolClient>;

interface Waiting extends PromiseWithResolvers<Rows> {
  readonly statement: Statement;
  readonly values: readonly unknown[] | undefined;
}

/**
 * A connection that one transaction of drizzle has to itself, from its `begin` until `release`. `begin` travels with the
 * statements after it, which saves a wait for each transaction.
 */
export class Transaction {
  readonly #acquire: Acquire;
  readonly #isOnly: boolean;
  #begin: Statement | undefined;
  /** What was asked before there was a connection. */
  #waiting: Waiting[] | undefined;
  #client: pg.PoolClient | undefined;
  /** Why there is no connection. */
  #failure: Error | undefined;
  #firstError: unknown;
  #isLost = false;
  #isOver = false;

  /** `isOnly`: the database has no other connection. */
  constructor(acquire: Acquire, { isOnly = false } = {}) {
    this.#acquire = acquire;
    this.#isOnly = isOnly;
  }

  async query(statement: Statement, values?: readonly unknown[]): Promise<Rows> {
    if (this.#isOver) {
      // Its commit has failed.
      if (textOf(statement) === 'rollback') return noRows('ROLLBACK');
      throw new Error('a statement came after the commit of its transaction');
    }
    if (this.#begin === undefined) {
      this.#begin = statement;
      return noRows('BEGIN');
    }
    try {
      const asked = this.#client ? ask(this.#client, statement, values) : this.#askFirst(statement, values);
      // What others ask next follows the commit: the only connection need not wait for its answer.
      if (this.#isOnly && textOf(statement) === 'commit') this.#giveBack();
      const rows = await asked;
      // COMMIT answers ROLLBACK if a statement failed and its error was swallowed.
      if (textOf(statement) === 'commit' && rows.command === 'ROLLBACK')
        throw this.#firstError ?? new Error('the transaction was rolled back');
      return rows;
    } catch (error) {
      this.#firstError ??= error;
      this.#isLost ||= wasLost(error);
      // Without its connection PostgreSQL rolls back by itself, and the caller needs the error before this one.
      if (textOf(statement) === 'rollback') return noRows('ROLLBACK');
      throw error;
    }
  }

  /** A connection whose transaction did not end is closed. */
  release(): void {
    this.#giveBack(this.#isLost || this.#client?.getTransactionStatus() !== 'I');
  }

  #giveBack(mustClose = false): void {
    this.#isOver = true;
    this.#client?.release(mustClose);
    this.#client = undefined;
  }

  #askFirst(statement: Statement, values: readonly unknown[] | undefined): Promise<Rows> {
    if (this.#failure) return Promise.reject(this.#failure);
    const asked = { statement, values, ...Promise.withResolvers<Rows>() };
    if (this.#waiting) this.#waiting.push(asked);
    else {
      this.#waiting = [asked];
      this.#start();
    }
    return asked.promise;
  }

  /** `begin` finds out whether the connection is alive, before anything depends on it. */
  #start(): void {
    let results: Promise<Rows>[] = [];
    this.#acquire(async (client) => {
      const begun = ask(client, this.#begin ?? 'begin');
      results = (this.#waiting ?? []).map(({ statement, values }) => ask(client, statement, values));
      // Their errors are looked at once `begin` has succeeded.
      for (const result of results) result.catch(() => {});
      this.#client = client;
      try {
        await begun;
      } catch (error) {
        this.#client = undefined;
        throw error;
      }
    }).then(
      () => {
        for (const [at, { resolve }] of (this.#waiting ?? []).entries()) resolve(results[at] as Promise<Rows>);
      },
      (error: Error) => {
        this.#failure = error;
        for (const { reject } of this.#waiting ?? []) reject(error);
      },
    );
  }
}

const noRows = (command: string): Rows => Object.assign([], { rows: [], command });

const textOf = (statement: Statement): string => (typeof statement === 'string' ? statement : statement.text).trim();
