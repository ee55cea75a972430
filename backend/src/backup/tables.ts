import { sql } from 'drizzle-orm';
import type { Db } from '../db/db.ts';

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  readonly isPartitioned: boolean;
}

export interface Column {
  readonly name: string;
  /** As SQL says it. */
  readonly type: string;
  readonly isText: boolean;
  readonly isIdentity: boolean;
}

interface CatalogRow extends Record<string, unknown> {
  readonly name: string;
  readonly is_partitioned: boolean;
  readonly columns: { name: string; type: string; is_text: boolean; is_identity: boolean }[];
  readonly key: string[];
  readonly refers_to: string[];
}

/** Tables that triggers fill from others: a restore fills them as it goes. */
export const derivedTables = ['run_search', 'run_totals'] as const;

/** Every table but the list of migrations and `derivedTables`, each after those that it refers to. */
export async function listTables(db: Db): Promise<Table[]> {
  const rows = await db.execute<CatalogRow>(sql`
    select relname as name, relkind = 'p' as is_partitioned,
      (select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod),
          'is_text', attcollation <> 0, 'is_identity', attidentity <> '') order by attnum)
        from pg_attribute
        where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns,
      (select coalesce(json_agg(attname order by place), '[]')
        from pg_index, unnest(indkey::int2[]) with ordinality as part(number, place), pg_attribute
        where indrelid = pg_class.oid and indisprimary and attrelid = pg_class.oid and attnum = number) as key,
      (select coalesce(json_agg(referred.relname), '[]')
        from pg_constraint join pg_class as referred on referred.oid = confrelid
        where conrelid = pg_class.oid and contype = 'f' and confrelid <> conrelid) as refers_to
    from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
      and relname not in ('migrations', ${sql.join(
        derivedTables.map((name) => sql`${name}`),
        sql`, `,
      )})
    order by relname collate "C"`);
  return inOrder(rows).map(({ name, columns, key, is_partitioned }) => ({
    name,
    columns: columns.map(({ name, type, is_text, is_identity }) => ({
      name,
      type,
      isText: is_text,
      isIdentity: is_identity,
    })),
    key,
    isPartitioned: is_partitioned,
  }));
}

function inOrder(rows: readonly CatalogRow[]): CatalogRow[] {
  const ordered: CatalogRow[] = [];
  const done = new Set<string>();
  while (ordered.length < rows.length) {
    const next = rows.filter(({ name, refers_to }) => !done.has(name) && refers_to.every((other) => done.has(other)));
    if (next.length === 0) throw new Error('tables refer to each other in a circle');
    for (const row of next) done.add(row.name);
    ordered.push(...next);
  }
  return ordered;
}

/** Where a table's own numbers go on. */
export interface Counter {
  readonly column: string;
  readonly last: string;
  readonly is_called: boolean;
}

export async function readCounters(db: Db, table: Table): Promise<Counter[]> {
  const counters: Counter[] = [];
  for (const { name: column } of table.columns.filter(({ isIdentity }) => isIdentity)) {
    const [found] = await db.execute<{ sequence: string }>(
      sql`select pg_get_serial_sequence(quote_ident(${table.name}), ${column}) as sequence`,
    );
    const [state] = await db.execute<{ last: string; is_called: boolean }>(
      sql`select last_value::text as last, is_called from ${sql.raw(found?.sequence ?? '')}`,
    );
    if (state) counters.push({ column, ...state });
  }
  return counters;
}

export const setCounter = (db: Db, table: string, { column, last, is_called }: Counter): Promise<unknown> =>
  db.execute(
    sql`select setval(pg_get_serial_sequence(quote_ident(${table}), ${column}), ${last}::bigint, ${is_called}::boolean)`,
  );

/** The applied migrations of a Rondo database; empty for an empty database. Throws if it holds other tables. */
export async function readMigrations(db: Db): Promise<string[]> {
  const [found] = await db.execute<{ exists: boolean }>(sql`select to_regclass('migrations') is not null as exists`);
  if (!found?.exists) {
    if ((await listTables(db)).length === 0) return [];
    throw new Error(notOurs);
  }
  const rows = await db.execute<{ name: string }>(sql`select name from migrations order by name collate "C"`);
  if (rows[0]?.name !== '0001_runs.sql') throw new Error(notOurs);
  return rows.map(({ name }) => name);
}

const notOurs = 'this database has tables, but not those of Rondo: name one of its own';
