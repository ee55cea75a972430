import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

const folder = new URL('./migrations/', import.meta.url);
// Any number that nothing else in the database locks: several servers may start at once.
const lockId = 7_266_336;

interface Options {
  /** Their names; all of them unless they are given. */
  readonly only?: readonly string[];
}

/** Applies the SQL files that this database has not seen, in the order of their names, all or none. */
export const migrate = (db: Db, options: Options = {}): Promise<string[]> =>
  db.transaction((tx) => migrateIn(tx, options));

/** The same, in the caller's transaction. */
export async function migrateIn(tx: Db, { only }: Options = {}): Promise<string[]> {
  await tx.execute(sql`select pg_advisory_xact_lock(${lockId}::bigint)`);
  await tx.execute(
    sql`create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())`,
  );
  const rows = await tx.execute<{ name: string }>(sql`select name from migrations`);
  const applied = new Set(rows.map(({ name }) => name));
  const missing = (await listMigrations()).filter((file) => !applied.has(file) && (only?.includes(file) ?? true));
  for (const file of missing) {
    await apply(tx, file);
    await tx.execute(sql`insert into migrations (name) values (${file})`);
  }
  return missing;
}

async function apply(tx: Db, file: string): Promise<void> {
  const text = await readFile(new URL(file, folder), 'utf8');
  try {
    await tx.execute(sql.raw(text));
  } catch (error) {
    const { message } = (error as Error).cause as Error;
    throw new Error(`the migration ${file} failed, and nothing was changed: ${message}`, { cause: error });
  }
}

export const listMigrations = async (): Promise<string[]> =>
  (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
