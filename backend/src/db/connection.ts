import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { isKept } from './kept.ts';

type Options = postgres.Options<Record<string, never>>;

/** The result type that drizzle awaits: rows, or arrays if it calls `values()` in the same tick. */
export type Answer<T = unknown> = Promise<T> & { values(): Promise<T> };

/** The part of a client that drizzle uses within a transaction. */
export interface Statements {
  readonly options: Sql['options'];
  unsafe(text: string, parameters?: never[], how?: postgres.UnsafeQueryOptions): Answer;
}

/**
 * One connection for one user at a time. Once closed, it is never reopened.
 *
 * postgres.js 3.4.9 must not write to a closed connection: it throws where no handler can catch it, and a connection
 * that closed with unsent data never responds again (porsager/postgres issues 1154 and 1208, no release yet). So each
 * connection has its own client and receives no statement after it closed, not even a rollback.
 */
export class Connection implements Statements {
  readonly options: Sql['options'];
  readonly openedAt = Date.now();
  /** True once a query succeeded; distinguishes "refused" from "lost". */
  hasAnswered = false;
  isClosed = false;
  /** Its server is a standby, or became one. */
  takesNoWrites = false;
  readonly url: string;
  /** The pool's idle timer. */
  idleTimer: NodeJS.Timeout | undefined;
  readonly #sql: Sql;
  readonly #deadlineMs: number;
  readonly #onClose: (connection: Connection) => void;

  constructor(url: string, options: Options, onClose: (connection: Connection) => void) {
    this.url = url;
    this.#sql = postgres(url, {
      ...options,
      max: 1,
      // Else it would end itself in the middle of a transaction.
      max_lifetime: null,
      onclose: () => this.#end(),
    });
    this.#onClose = onClose;
    this.options = this.#sql.options;
    const { statement_timeout } = this.options.connection as { statement_timeout?: number | string };
    // PostgreSQL says when a statement took too long, unless its machine is gone without a word.
    this.#deadlineMs = Number(statement_timeout ?? 0) && Number(statement_timeout) + 5_000;
    // drizzle installs its own parsers and serializers, once per client.
    drizzle({ client: this.#sql });
  }

  unsafe(text: string, parameters?: never[], how?: postgres.UnsafeQueryOptions): Answer {
    if (this.isClosed) return lost();
    const query = this.#sql.unsafe(text, parameters, isKept(text) ? { ...how, prepare: true } : how);
    const timer = this.#deadlineMs > 0 ? setTimeout(() => void this.close(), this.#deadlineMs) : undefined;
    query.then(
      () => {
        this.hasAnswered = true;
        clearTimeout(timer);
      },
      (error: { severity?: string; code?: string }) => {
        clearTimeout(timer);
        if (error.code === noWrites) this.takesNoWrites = true;
        // The error of a reset arrives before the close event. A query sent in between would never settle.
        if (error.severity !== 'ERROR' || this.takesNoWrites) void this.close();
      },
    );
    return query;
  }

  /** A standby answers reads with what it knew a moment ago, so it gets none. */
  async mustTakeWrites(): Promise<void> {
    const asked = "select current_setting('transaction_read_only') as is_read_only";
    const [row] = (await this.unsafe(asked)) as { is_read_only: string }[];
    if (row?.is_read_only !== 'on') return;
    this.takesNoWrites = true;
    void this.close();
    throw Object.assign(new Error('the database server is a standby'), { code: noWrites });
  }

  /** Takes nothing more; what is under way fails after `graceS`. */
  async close(graceS = 0): Promise<void> {
    this.#end();
    await this.#sql.end({ timeout: graceS });
  }

  #end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.idleTimer);
    this.#onClose(this);
  }
}

/** PostgreSQL's `read_only_sql_transaction`. */
const noWrites = '25006';

function lost(): Answer {
  const error = Object.assign(new Error('the connection to the database was lost'), { code: 'CONNECTION_CLOSED' });
  const rejected = Promise.reject(error);
  return Object.assign(rejected, { values: () => rejected });
}
