import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openStore } from '../checkpoints/open-store.ts';
import { openAsItIs } from '../db/database.ts';
import type { Db } from '../db/db.ts';
import { askOwner, FolderInUse, type FolderLock } from '../db/folder-lock.ts';
import { dump } from './dump.ts';
import { readBackup, type Summary } from './format.ts';

export interface Settings {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  /** Where models are kept instead of under `dataDir`; a backup leaves them there. */
  readonly modelStoreUrl: URL | undefined;
}

const word = 'backup';

/** Writes the file, reads it again, and only then gives it its name: a backup that has the name is whole. */
export async function makeBackup(settings: Settings, file: string): Promise<Summary> {
  if (existsSync(file)) throw new Error(`${file} exists already: name another file`);
  await mkdir(dirname(file), { recursive: true });
  const part = `${file}.part`;
  try {
    await writeBackup(settings, createWriteStream(part, { mode: 0o600 }));
    const summary = await readBackup(createReadStream(part));
    const written = await open(part);
    await written.sync().finally(() => written.close());
    await rename(part, file);
    return summary;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function writeBackup(settings: Settings, to: Writable): Promise<void> {
  if (settings.databaseUrl === undefined && !existsSync(join(settings.dataDir, 'postgres'))) {
    throw new Error(`there is no database in ${settings.dataDir}: set DATA_DIR or DATABASE_URL`);
  }
  let database: Awaited<ReturnType<typeof openAsItIs>>;
  try {
    database = await openAsItIs(settings);
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    // The embedded database has one process, which is asked to write the backup itself.
    return pipeline(await askOwner(settings.dataDir, word), to);
  }
  try {
    await dumpTo(database.db, settings, to);
  } finally {
    await database.close();
  }
}

/** Lets `makeBackup` have its backup while the server runs. */
export function answerBackups(lock: FolderLock, db: Db, settings: Settings): void {
  lock.answer(word, (socket) => dumpTo(db, settings, socket));
}

async function dumpTo(db: Db, { dataDir, modelStoreUrl }: Settings, to: Writable): Promise<void> {
  const store = modelStoreUrl ? undefined : await openStore(join(dataDir, 'models'), undefined);
  await dump({ db, store }, to);
}
