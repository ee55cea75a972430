import { count, type SQL } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Db } from '../db.ts';

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** A page that may begin after a row instead of at an offset, which costs the same at any depth. */
export interface KeysetPage<K> extends Page {
  readonly after?: K | undefined;
}

export interface Listed<T, K> {
  readonly items: T[];
  readonly total: number;
  /** The key of the next page; null after the last row. */
  readonly next: K | null;
}

/** Rows were asked for one more than the page has: whether there is a next. */
export function cutPage<T, K>(rows: T[], limit: number, keyOf: (row: T) => K): Omit<Listed<T, K>, 'total'> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}

export async function countRows(db: Db, table: PgTable, where: SQL | undefined): Promise<number> {
  const [row] = await db.select({ total: count() }).from(table).where(where);
  return row?.total ?? 0;
}
