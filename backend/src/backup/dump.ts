import { createHash, type Hash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { sql } from 'drizzle-orm';
import type { CheckpointStore } from '../checkpoints/store.ts';
import type { Db } from '../db/db.ts';
import { listPartitions } from '../db/partitions.ts';
import { version } from '../version.ts';
import type { Header, TableHead } from './format.ts';
import { listTables, readCounters, readMigrations, type Table } from './tables.ts';

interface Source {
  readonly db: Db;
  /** Where the contents of models are, to be taken along; undefined when they are kept elsewhere. */
  readonly store: CheckpointStore | undefined;
}

// Rows can be large: the tensors of a model.
const rowsAtOnce = 500;

/** Writes everything as of one moment. See `format.ts` for its form. */
export async function dump({ db, store }: Source, to: Writable): Promise<void> {
  const oneMoment = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const;
  await db.transaction(async (tx) => {
    // Whatever the server prefers: text that every server reads as the same value.
    await tx.execute(
      sql.raw(`set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres';
      set local timezone = 'UTC'; set local bytea_output = 'hex'; set local extra_float_digits = 1`),
    );
    await pipeline(backup(tx, store), createGzip({ level: 3 }), to);
  }, oneMoment);
}

async function* backup(tx: Db, store: CheckpointStore | undefined): AsyncGenerator<string | Buffer> {
  const migrations = await readMigrations(tx);
  if (migrations.length === 0) throw new Error('there is nothing to back up: the database is empty');
  const has_contents = store !== undefined;
  const header: Header = { rondo_backup: 1, version, created_at: new Date().toISOString(), migrations, has_contents };
  yield line(header);
  const tables = await listTables(tx);
  for (const table of tables) yield* rowsOf(tx, table);
  const contents = store ? yield* contentsOf(tx, store) : 0;
  yield line({ complete: true, tables: tables.length, contents });
}

async function* rowsOf(tx: Db, table: Table): AsyncGenerator<string> {
  const months = table.isPartitioned ? await listPartitions(tx) : [];
  const columns = table.columns.map(({ name }) => name);
  const head: TableHead = { table: table.name, columns, months, counters: await readCounters(tx, table) };
  yield line(head);
  const isText = new Map(table.columns.map((column) => [column.name, column.isText]));
  // The key may include a generated column, which a backup does not contain.
  const order = (table.key.length === 0 ? columns : table.key).map((name) => ({ name, isText: isText.get(name) }));
  // Each value in PostgreSQL's own text form; in one order on every server, so that equal tables have equal checksums.
  await tx.execute(sql`declare backup_rows no scroll cursor for
    select json_build_array(${list(table.columns.map(({ name }) => sql`${sql.identifier(name)}::text`))})::text as row
    from ${sql.identifier(table.name)}
    order by ${list(order.map(({ name, isText }) => sql`${sql.identifier(name)}${isText ? sql` collate "C"` : sql``}`))}`);
  const digest = createHash('sha256');
  let rows = 0;
  for (;;) {
    const fetched = await tx.execute<{ row: string }>(sql.raw(`fetch ${rowsAtOnce} from backup_rows`));
    if (fetched.length === 0) break;
    rows += fetched.length;
    yield counted(fetched.map(({ row }) => `${row}\n`).join(''), digest);
  }
  await tx.execute(sql`close backup_rows`);
  yield line({ end: table.name, rows, sha256: digest.digest('hex') });
}

async function* contentsOf(tx: Db, store: CheckpointStore): AsyncGenerator<string | Buffer, number> {
  const known = await tx.execute<{ sha256: string }>(sql`select distinct sha256 from models order by sha256`);
  let contents = 0;
  for (const { sha256 } of known) {
    const size_bytes = await store.sizeOf(sha256);
    // Its model was deleted since the moment of the rows.
    if (size_bytes === undefined) continue;
    contents += 1;
    yield line({ content: sha256, size_bytes });
    for await (const chunk of await store.open(sha256)) yield chunk as Buffer;
    yield '\n';
  }
  return contents;
}

const line = (said: object): string => `${JSON.stringify(said)}\n`;
const list = (parts: ReturnType<typeof sql>[]) => sql.join(parts, sql`, `);

function counted(text: string, digest: Hash): string {
  digest.update(text);
  return text;
}
