import { readdir, readFile } from 'node:fs/promises';
import type { Sql, TransactionSql } from 'postgres';

const folder = new URL('./migrations/', import.meta.url);
// Any number that nothing else in the database locks: several servers may start at once.
const lockId = 7_266_336;

interface Options {
  /** The name of the last file to apply; all of them unless it is given. */
  readonly upTo?: string | undefined;
}

/** Applies the SQL files that this database has not seen, in the order of their names, all or none. */
export const migrate = (client: Sql, options: Options = {}): Promise<string[]> =>
  client.begin((tx) => migrateIn(tx, options)) as Promise<string[]>;

/** The same, in the caller's transaction. */
export async function migrateIn(tx: TransactionSql, { upTo }: Options = {}): Promise<string[]> {
  await tx`select pg_advisory_xact_lock(${lockId})`;
  await tx`create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())`;
  const applied = new Set((await tx<{ name: string }[]>`select name from migrations`).map(({ name }) => name));
  const missing = (await listMigrations()).filter((file) => !applied.has(file) && (upTo === undefined || file <= upTo));
  for (const file of missing) {
    await tx.unsafe(await readFile(new URL(file, folder), 'utf8'));
    await tx`insert into migrations (name) values (${file})`;
  }
  return missing;
}

export const listMigrations = async (): Promise<string[]> =>
  (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
