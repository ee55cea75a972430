import { randomBytes } from 'node:crypto';
import type { RunId } from '@rondo/protocol';
import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Db } from '../db/db.ts';
import { metricColumns } from './csv.ts';
import { emptyIsNull, type Row, type RowFile, runFile } from './format.ts';

const rowsAtOnce = 1_000;

/** The columns of a file, in the order of the table. */
export const columnsOf = ({ table, left_out }: Pick<RowFile, 'table' | 'left_out'>): PgColumn[] =>
  Object.values(getTableColumns(table)).filter(({ name }) => !left_out.includes(name));

/** A run's rows as of one moment. Each file may be read several times, one after the other. */
export interface RunRows {
  readonly run: Row;
  /** Names of the metrics that get a column of their own in the CSV of this file. */
  readonly metricColumns: ReadonlyMap<string, readonly string[]>;
  /** As the wire writes them, a part at a time. [X1] */
  rows(file: RowFile): AsyncGenerator<Row[]>;
}

interface Source {
  readonly db: Db;
  readonly isEmbedded: boolean;
  readonly run_id: RunId;
  readonly files: readonly RowFile[];
}

const oneMoment = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const;

/**
 * Gives the rows to the work. PostgreSQL reads them in one transaction. The embedded database has one connection, so
 * it sorts them into cursors that outlive their transaction, and reports are stored between two parts.
 */
export async function withRunRows<T>(source: Source, work: (rows: RunRows) => Promise<T>): Promise<T> {
  const { db, isEmbedded, files } = source;
  if (!isEmbedded) return db.transaction(async (tx) => work(await declare(tx, tx, source, '')), oneMoment);
  const prefix = `${randomBytes(6).toString('hex')}_`;
  const rows = await db.transaction((tx) => declare(tx, db, source, prefix), oneMoment);
  try {
    return await work(rows);
  } finally {
    for (const file of files) await db.execute(sql`close ${nameOf(prefix, file)}`);
  }
}

const nameOf = (prefix: string, file: RowFile) => sql.identifier(`export_${prefix}${file.name.replace('.jsonl', '')}`);

async function declare(tx: Db, reader: Db, { run_id, files, isEmbedded }: Source, prefix: string): Promise<RunRows> {
  const run = await readRun(tx, runFile.table, runFile.left_out, run_id);
  const metrics = new Map<string, readonly string[]>();
  for (const file of files) {
    metrics.set(file.name, await metricColumns(tx, file.name, run_id));
    const names = sql.join(
      columnsOf(file).map(({ name }) => sql.identifier(name)),
      sql`, `,
    );
    await tx.execute(sql`declare ${nameOf(prefix, file)} scroll cursor ${isEmbedded ? sql`with hold` : sql``} for
      select ${names} from ${file.table} where run_id = ${run_id} order by ${order(file)}`);
  }
  const rows = async function* (file: RowFile): AsyncGenerator<Row[]> {
    const [columns, name] = [columnsOf(file), nameOf(prefix, file)];
    await reader.execute(sql`move absolute 0 in ${name}`);
    for (;;) {
      const some = await reader.execute<Record<string, unknown>>(
        sql`fetch ${sql.raw(String(rowsAtOnce))} from ${name}`,
      );
      if (some.length === 0) return;
      yield some.map((row) => toRow(row, columns, emptyIsNull[file.name] ?? []));
    }
  };
  return { run, metricColumns: metrics, rows };
}

/** The one row of `runs`. */
async function readRun(tx: Db, table: PgTable, left_out: readonly string[], runId: RunId): Promise<Row> {
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
