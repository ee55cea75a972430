import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

// The database goes on writing while it is copied.
const roomBytes = 64 * 1024 * 1024;
const log = 'pg_wal';
// Of the process that is at work, and of the one that will open the copy.
const left = new Set(['postmaster.pid', 'postmaster.opts', 'backup_label', 'pgsql_tmp']);

/**
 * Copies the folder of a database while it works, as a base backup does: files as they are while others write to them, then
 * the log, which makes one moment of them when the copy is opened. No checkpoint may come in between, because it removes
 * what the copy still needs of the log.
 */
export async function copyAtWork(db: Db, folder: string, target: string): Promise<void> {
  await mustHaveRoom(folder);
  await mkdir(target, { recursive: true, mode: 0o700 });
  await db.execute(sql`select pg_backup_start('rondo', true)`);
  let label = '';
  try {
    await copyFolder(folder, target, (name) => !left.has(name) && name !== log);
  } finally {
    const [stopped] = await db.execute<{ labelfile: string }>(sql`select labelfile from pg_backup_stop(false)`);
    label = stopped?.labelfile ?? '';
  }
  await copyFolder(join(folder, log), join(target, log), () => true);
  await writeFile(join(target, 'backup_label'), label, { mode: 0o600 });
}

async function copyFolder(from: string, to: string, isWanted: (name: string) => boolean): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (!isWanted(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyFolder(source, target, (name) => !left.has(name));
    else if (entry.isFile()) await copyFile(source, target, constants.COPYFILE_FICLONE).catch(unlessGone);
  }
}

/** A table that was dropped meanwhile; the log says so. */
function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function mustHaveRoom(folder: string): Promise<void> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      bytes += await stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + roomBytes)
    throw new Error(`a copy of the database needs ${Math.ceil((bytes + roomBytes) / 1_048_576)} MiB of free disk`);
}
