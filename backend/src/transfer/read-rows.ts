import type { RunId } from '@rondo/protocol';
import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Db } from '../db/db.ts';
import { emptyIsNull, type RowFile } from './format.ts';

export type Row = Readonly<Record<string, unknown>>;

const rowsAtOnce = 1_000;

/** The columns of a file, in the order of the table. */
export const columnsOf = ({ table, left_out }: Pick<RowFile, 'table' | 'left_out'>): PgColumn[] =>
  Object.values(getTableColumns(table)).filter(({ name }) => !left_out.includes(name));

/** The rows of a run as the wire writes them, a part at a time. In the caller's transaction. [X1] */
export async function* readRows(tx: Db, file: RowFile, runId: RunId): AsyncGenerator<Row[]> {
  const columns = columnsOf(file);
  const names = sql.join(
    columns.map(({ name }) => sql.identifier(name)),
    sql`, `,
  );
  await tx.execute(sql`declare rows_of_run no scroll cursor for
    select ${names} from ${file.table} where run_id = ${runId} order by ${order(file)}`);
  for (;;) {
    const rows = await tx.execute<Record<string, unknown>>(sql.raw(`fetch ${rowsAtOnce} from rows_of_run`));
    if (rows.length === 0) break;
    yield rows.map((row) => toRow(row, columns, emptyIsNull[file.name] ?? []));
  }
  await tx.execute(sql`close rows_of_run`);
}

/** The one row of `runs`. */
export async function readRun(tx: Db, table: PgTable, left_out: readonly string[], runId: RunId): Promise<Row> {
  const columns = columnsOf({ table, left_out });
  const [row] = await tx.execute<Record<string, unknown>>(sql`select * from ${table} where run_id = ${runId}`);
  if (!row) throw new Error(`the run ${runId} was deleted while it was exported`);
  return toRow(row, columns, []);
}

/** The same order whatever collation a server has; null comes first. */
function order({ table, order }: RowFile): SQL {
  const columns = getTableColumns(table);
  const by = order.map((name) => {
    const isText = columns[name]?.getSQLType() === 'text';
    return isText ? sql`${sql.identifier(name)} collate "C"` : sql`${sql.identifier(name)} nulls first`;
  });
  return sql.join(by, sql`, `);
}

function toRow(raw: Record<string, unknown>, columns: readonly PgColumn[], nullable: readonly string[]): Row {
  const row: Record<string, unknown> = {};
  for (const column of columns) {
    const value = raw[column.name];
    const isNone = value === null || (value === '' && nullable.includes(column.name));
    row[column.name] = isNone ? null : column.mapFromDriverValue(value);
  }
  return row;
}
