import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Logs that a database writes before its tables have a size of their own, which says nothing about a value. */
const isLog = (name: string): boolean => name === 'pg_wal' || name.endsWith('-wal');

/** Bytes that the files of a folder take on the disk, write-ahead logs excluded. */
export async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (isLog(entry.name)) continue;
    const path = join(folder, entry.name);
    // A file may be gone by now.
    bytes += entry.isDirectory()
      ? await bytesOf(path)
      : await lstat(path).then(
          ({ blocks }) => blocks * 512,
          () => 0,
        );
  }
  return bytes;
}

/** How many files a folder has, those of its folders included; none if it does not exist. */
export async function filesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).length;
}
