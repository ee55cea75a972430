import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core';
import type { Db } from './db.ts';
import { kept } from './kept.ts';

interface Options {
  /** The columns of the natural key. */
  readonly key: readonly string[];
  /** Columns that the database fills in. */
  readonly generated?: readonly string[];
  /** Columns that keep their first value when the row exists. */
  readonly keep?: readonly string[];
  /** A condition on the row that exists, as SQL. */
  readonly onlyIf?: string;
  /** The partition that all of the rows belong to, which spares their way through the whole. */
  readonly partition?: string;
}

/**
 * Writes any number of rows in one statement: they travel as JSON, which PostgreSQL takes apart. Faster than a parameter
 * per value, and without the limit of 65,535 of them.
 */
export async function bulkUpsert(
  db: Db,
  table: PgTable,
  rows: readonly object[],
  options: Options,
  returning = '',
): Promise<Record<string, unknown>[]> {
  if (rows.length === 0) return [];
  const { insert, columns } = parts(table, rows, options);
  const changed = columns.filter((name) => !options.key.includes(name) && !options.keep?.includes(name));
  const assignments = changed.map((name) => `${quote(name)} = excluded.${quote(name)}`).join(', ');
  const conflict = `on conflict (${options.key.map(quote).join(', ')}) do update set ${assignments}${options.onlyIf ? ` where ${options.onlyIf}` : ''}`;
  return db.execute(sql`${kept} ${insert} ${sql.raw(conflict)} ${returningClause(returning)}`);
}

/** Inserts the rows whose key is new, and returns those. */
export async function bulkInsertNew(
  db: Db,
  table: PgTable,
  rows: readonly object[],
  options: Options,
  returning: string,
): Promise<Record<string, unknown>[]> {
  if (rows.length === 0) return [];
  const { insert } = parts(table, rows, options);
  return db.execute(sql`${kept} ${insert} on conflict do nothing ${returningClause(returning)}`);
}

export const bulkInsert = (
  db: Db,
  table: PgTable,
  rows: readonly object[],
  options: Pick<Options, 'generated' | 'partition'> = {},
): Promise<void> => send(db, insertOf(table, rows, options));

/** A statement with its rows, encoded before it can be sent; undefined if it has none. */
export type Statement = SQL | undefined;

export async function send(db: Db, statement: Statement): Promise<void> {
  if (statement) await db.execute(statement);
}

/** Inserts rows that the caller knows to be new, which saves a lookup per row. An existing row fails the statement. */
export const insertOf = (
  table: PgTable,
  rows: readonly object[],
  options: Pick<Options, 'generated' | 'partition'> = {},
): Statement => (rows.length > 0 ? sql`${kept} ${parts(table, rows, { key: [], ...options }).insert}` : undefined);

/**
 * Writes what differs between the rows and those that are stored, all of one table, in one statement. The caller knows
 * what is stored; a row that is not there stays away.
 */
export function updateOf(table: PgTable, changes: readonly Change[], { key }: Pick<Options, 'key'>): Statement {
  const columns = Object.values(getTableColumns(table));
  const changed = columns.filter(({ name }) => changes.some(([before, after]) => before[name] !== after[name]));
  if (changed.length === 0) return undefined;
  const keys = columns.filter(({ name }) => key.includes(name));
  const rows = changes.map(([, after]) => after);
  const assignments = changed.map(({ name }) => `${quote(name)} = new_.${quote(name)}`).join(', ');
  const isSame = keys.map(({ name }) => `old_.${quote(name)} = new_.${quote(name)}`).join(' and ');
  const names = [...keys, ...changed].map(({ name }) => quote(name)).join(', ');
  return sql`${kept} ${sql.raw(`update ${quote(getTableConfig(table).name)} as old_ set ${assignments} from (`)}
    ${packed([...keys, ...changed], rows)}${sql.raw(`) as new_(${names}) where ${isSame}`)}`;
}

/** A row as it is stored, and as it will be. */
export type Change<R extends object = object> = readonly [before: R & Row, after: R & Row];

const returningClause = (columns: string): SQL => sql.raw(columns && `returning ${columns}`);

function parts(table: PgTable, rows: readonly object[], { generated = [], partition }: Options) {
  const config = getTableConfig(table);
  const columns = Object.values(getTableColumns(table)).filter(({ name }) => !generated.includes(name));
  const names = columns.map(({ name }) => name);
  const into = `insert into ${quote(partition ?? config.name)} (${names.map(quote).join(', ')})`;
  return { insert: sql`${sql.raw(into)} ${packed(columns, rows)}`, columns: names };
}

/**
 * The rows as a query. Parsing JSON is most of the cost of a row, so names are short, nulls are omitted, and a value
 * that is equal in every row is a parameter instead.
 */
function packed(columns: readonly PgColumn[], rows: readonly object[]): SQL {
  const values = rows as readonly Row[];
  const different = columns.filter(({ name }) => !isShared(values, name));
  const own = different.length > 0 ? different : columns;
  const keys = new Map(own.map(({ name }, index) => [name, `c${index}`]));
  const selected = columns.map((column) => {
    const key = keys.get(column.name);
    if (key) return sql.raw(key);
    const value = values[0]?.[column.name] ?? null;
    return sql`${value === null ? null : isEmpty(value) ? '{}' : String(value)}::text::${sql.raw(column.getSQLType())}`;
  });
  const typed = own.map((column) => `${keys.get(column.name)} ${column.getSQLType()}`).join(', ');
  const json = JSON.stringify(values.map((row) => pack(row, [...keys])));
  return sql`select ${sql.join(selected, sql`, `)} from json_to_recordset(${json}::text::json) as row_(${sql.raw(typed)})`;
}

type Row = Readonly<Record<string, unknown>>;

/** Objects may be equal without being the same; to look into them would cost more than it spares. */
function isShared(rows: readonly Row[], name: string): boolean {
  const first = rows[0]?.[name] ?? null;
  if (isEmpty(first)) return rows.every((row) => isEmpty(row[name]));
  return (first === null || typeof first !== 'object') && rows.every((row) => (row[name] ?? null) === first);
}

/** An object without members, as most clients' labels are. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const _ in value) return false;
  return true;
}

function pack(row: Row, keys: readonly (readonly [string, string])[]): Row {
  const packed: Record<string, unknown> = {};
  for (const [name, key] of keys) if (row[name] !== null) packed[key] = row[name];
  return packed;
}

const quote = (name: string): string => `"${name}"`;
