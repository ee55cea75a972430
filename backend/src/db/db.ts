import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

interface RowsHKT extends PgQueryResultHKT {
  type: this['row'][];
}

/** A database or a transaction on it: query functions accept both. */
export type Db = PgDatabase<RowsHKT>;
