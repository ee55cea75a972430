import type pg from 'pg';
import { ask, type Rows, type Statement, wasLost } from './statement.ts';

/** Gives a connection on which the first statement succeeded, and its result. */
type Acquire = (first: (client: pg.PoolClient) => Promise<Rows>) => Promise<[pg.PoolClient, Rows]>;

/** A connection that one transaction of drizzle has to itself, from its `begin` until `release`. */
export class Transaction {
  readonly #acquire: Acquire;
  #client: pg.PoolClient | undefined;
  #firstError: unknown;
  #isLost = false;

  constructor(acquire: Acquire) {
    this.#acquire = acquire;
  }

  async query(statement: Statement, values?: readonly unknown[]): Promise<Rows> {
    const client = this.#client;
    if (!client) {
      // `begin` finds out whether the connection is alive, before anything depends on it.
      const [acquired, rows] = await this.#acquire((one) => ask(one, statement, values));
      this.#client = acquired;
      return rows;
    }
    try {
      const rows = await ask(client, statement, values);
      // COMMIT answers ROLLBACK if a statement failed and its error was swallowed.
      if (textOf(statement) === 'commit' && rows.command === 'ROLLBACK')
        throw this.#firstError ?? new Error('the transaction was rolled back');
      return rows;
    } catch (error) {
      this.#firstError ??= error;
      this.#isLost ||= wasLost(error);
      // Without its connection PostgreSQL rolls back by itself, and the caller needs the error before this one.
      if (textOf(statement) === 'rollback') return Object.assign([], { rows: [], command: 'ROLLBACK' });
      throw error;
    }
  }

  /** A connection whose transaction did not end is closed. */
  release(): void {
    this.#client?.release(this.#isLost || this.#client.getTransactionStatus() !== 'I');
    this.#client = undefined;
  }
}

const textOf = (statement: Statement): string => (typeof statement === 'string' ? statement : statement.text).trim();
