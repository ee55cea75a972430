import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';

/** A database or a transaction on it: query functions accept both. */
export type Db = PgDatabase<PostgresJsQueryResultHKT>;
