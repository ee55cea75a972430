import { readdir, readFile } from 'node:fs/promises';
import type { Sql } from 'postgres';

const folder = new URL('./migrations/', import.meta.url);
// Any number that nothing else in the database locks: several servers may start at once.
const lockId = 7_266_336;

/** Applies the SQL files that this database has not seen, in the order of their names, all or none. */
export async function migrate(client: Sql): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  return client.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${lockId})`;
    await tx`create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())`;
    const applied = new Set((await tx<{ name: string }[]>`select name from migrations`).map(({ name }) => name));
    const missing = files.filter((file) => !applied.has(file));
    for (const file of missing) {
      await tx.unsafe(await readFile(new URL(file, folder), 'utf8'));
      await tx`insert into migrations (name) values (${file})`;
    }
    return missing;
  });
}
