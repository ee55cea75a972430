import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { DurableFs, durableStartParams, forceFolder, forcePath } from './durable-fs.ts';

type Options = Pick<PGliteOptions, 'extensions'> & { readonly fs?: DurableFs };

/**
 * PGlite over a folder, such that what is committed survives a power cut. [B1]
 *
 * Initdb does not force its files. A marker beside the folder says that they may be incomplete: a start that finds it
 * begins again, because nothing has been acknowledged yet. Once the marker is gone, the folder is on the disk.
 */
export async function openPglite(folder: string, { fs, extensions }: Options = {}): Promise<PGlite> {
  const marker = join(dirname(folder), `${basename(folder)}.initializing`);
  if (existsSync(marker)) rmSync(folder, { recursive: true, force: true });
  const isNew = !existsSync(folder) || readdirSync(folder).length === 0;
  if (isNew) {
    writeFileSync(marker, '', { mode: 0o600 });
    forcePath(marker);
    forcePath(dirname(folder));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  chmodSync(folder, 0o700);
  // A server of an earlier version has left files that it never forced.
  if (!isNew) forceFolder(folder);
  const database = await PGlite.create({
    fs: fs ?? new DurableFs(folder),
    startParams: [...durableStartParams],
    ...(extensions && { extensions }),
  });
  if (isNew) {
    await database.query('checkpoint');
    forceFolder(folder);
    forcePath(dirname(folder));
    rmSync(marker, { force: true });
    forcePath(dirname(folder));
  }
  return database;
}
