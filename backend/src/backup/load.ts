import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { defaultProject } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import type { CheckpointStore } from '../checkpoints/store.ts';
import type { Db } from '../db/db.ts';
import { listMigrations, migrateIn } from '../db/migrate.ts';
import { createPartitions, type Month } from '../db/partitions.ts';
import { type Header, readBackup, type Summary, type TableHead } from './format.ts';
import { derivedTables, listTables, readMigrations, setCounter, type Table } from './tables.ts';

interface Target {
  readonly db: Db;
  readonly store: CheckpointStore;
  /** A folder on the disk of the store, for files that are being moved into it. */
  readonly dataDir: string;
  /** If true, existing data may be deleted. */
  readonly force: boolean;
  /** If false, the schema stays as it was. */
  readonly upgrade: boolean;
}

/**
 * Makes an empty database what the backup says, in one transaction: the schema as it was, the rows, and then the
 * migrations that have come since.
 */
export async function load(from: Readable, { db, store, dataDir, force, upgrade }: Target): Promise<Summary> {
  const staging = await mkdtemp(join(dataDir, 'restore-'));
  try {
    const summary = await db.transaction(async (tx) => {
      let table: { into: Table; columns: readonly string[] } | undefined;
      const read = await readBackup(from, {
        header: async (header) => prepare(tx, header, force),
        table: async (head) => {
          table = { into: await tableOf(tx, head), columns: head.columns };
          await createPartitions(tx, head.months as Month[]);
          for (const counter of head.counters) await setCounter(tx, head.table, counter);
        },
        rows: async (rows) => {
          if (table) await insertRows(tx, table.into, table.columns, rows);
        },
        content: async (sha256, bytes) => {
          const file = join(staging, sha256);
          await pipeline(bytes, createWriteStream(file, { mode: 0o600 }));
          await store.put(sha256, file);
        },
      });
      if (upgrade) await migrateIn(tx);
      return read;
    });
    await db.execute(sql`analyze`);
    return summary;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function prepare(tx: Db, { migrations, version }: Header, force: boolean): Promise<void> {
  const known = new Set(await listMigrations());
  const unknown = migrations.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(
      `the backup is of Rondo ${version}, which is newer: it has ${unknown.join(', ')}. Update this one first`,
    );
  }
  const isThere = (await readMigrations(tx)).length > 0;
  const inUse = isThere ? await firstTableWithRows(tx) : undefined;
  if (inUse !== undefined && !force) {
    throw new Error(`the database is not empty: ${inUse} has rows. Name an empty one, or throw it away with --force`);
  }
  if (isThere) await dropAll(tx);
  await migrateIn(tx, { only: migrations });
  // The backup has the rows that migrations make, as they were.
  for (const { name } of await listTables(tx))
    if (madeByMigrations.has(name)) await tx.execute(sql`delete from ${sql.identifier(name)}`);
}

/** Which rows of a table a migration has made: a database that has only these is empty. */
const madeByMigrations = new Map([['projects', sql`project_id = ${defaultProject}`]]);

async function firstTableWithRows(tx: Db): Promise<string | undefined> {
  for (const { name } of await listTables(tx)) {
    const made = madeByMigrations.get(name) ?? sql`false`;
    const [row] = await tx.execute(sql`select 1 from ${sql.identifier(name)} where not (${made}) limit 1`);
    if (row) return name;
  }
  return undefined;
}

async function dropAll(tx: Db): Promise<void> {
  for (const name of ['migrations', ...derivedTables, ...(await listTables(tx)).map((table) => table.name)]) {
    await tx.execute(sql`drop table if exists ${sql.identifier(name)} cascade`);
  }
  const functions = await tx.execute<{ name: string }>(sql`
    select oid::regprocedure::text as name from pg_proc
    where pronamespace = current_schema()::regnamespace and prokind = 'f'
      and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')`);
  for (const { name } of functions) await tx.execute(sql.raw(`drop function ${name} cascade`));
}

async function tableOf(tx: Db, head: TableHead): Promise<Table> {
  const table = (await listTables(tx)).find(({ name }) => name === head.table);
  const missing = head.columns.filter((name) => !table?.columns.some((column) => column.name === name));
  if (!table || missing.length > 0)
    throw new Error(`the table ${head.table} is not as it was: no ${missing.join(', ')}`);
  return table;
}

async function insertRows(tx: Db, { name, columns }: Table, given: readonly string[], rows: readonly string[]) {
  const typeOf = new Map(columns.map((column) => [column.name, column.type]));
  const names = given.map((column) => sql.identifier(column));
  const values = given.map((column, place) => sql.raw(`(row_ ->> ${place})::${typeOf.get(column)}`));
  await tx.execute(sql`
    insert into ${sql.identifier(name)} (${sql.join(names, sql`, `)}) overriding system value
    select ${sql.join(values, sql`, `)} from json_array_elements(${`[${rows.join(',')}]`}::text::json) as row_`);
}
