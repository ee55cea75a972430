import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { openStore } from '../checkpoints/open-store.ts';
import { type Database, openAsItIs } from '../db/database.ts';
import type { Db } from '../db/db.ts';
import { askOwner, FolderInUse } from '../db/folder-lock.ts';
import { dump } from './dump.ts';
import { readBackup, type Summary } from './format.ts';

export interface Settings {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  /** Where models are kept instead of under `dataDir`; a backup leaves them there. */
  readonly modelStoreUrl: URL | undefined;
}

const word = 'backup';
const prefix = 'backup-copy-';

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
  const opened = await openAsItIs(settings).catch(async (error: unknown) => {
    if (!(error instanceof FolderInUse)) throw error;
    // The embedded database has one process, which is asked for a copy.
    return openCopy(settings.dataDir);
  });
  try {
    await dumpTo(opened.db, settings, to);
  } finally {
    await opened.close();
  }
}

type Opened = Awaited<ReturnType<typeof openAsItIs>>;
type Copied = { readonly folder: string } | { readonly error: string };

async function openCopy(dataDir: string): Promise<Opened> {
  const said = await text(await askOwner(dataDir, word));
  const copied = JSON.parse(said || '{"error":"it ended"}') as Copied;
  if ('error' in copied) throw new Error(`the server could not copy its database: ${copied.error}`);
  const remove = () => rm(copied.folder, { recursive: true, force: true });
  try {
    const { db, close } = await openAsItIs({ databaseUrl: undefined, dataDir: copied.folder });
    return { db, close: () => close().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Lets `makeBackup` have a copy of the database while the server runs. Reports go on meanwhile. */
export async function answerBackups(
  { lock, copyTo }: Pick<Database, 'lock' | 'copyTo'>,
  dataDir: string,
): Promise<void> {
  lock?.answer(word, async (socket) => {
    const folder = await mkdtemp(join(dataDir, prefix));
    const copied: Copied = await (
      copyTo?.(join(folder, 'postgres')) ?? Promise.reject(new Error('there is none'))
    ).then(
      () => ({ folder }),
      (error: Error) => ({ error: error.message }),
    );
    if ('error' in copied) await rm(folder, { recursive: true, force: true });
    socket.end(JSON.stringify(copied));
  });
  // Of a backup that was killed.
  for (const name of await readdir(dataDir))
    if (name.startsWith(prefix)) await rm(join(dataDir, name), { recursive: true, force: true });
}

async function dumpTo(db: Db, { dataDir, modelStoreUrl }: Settings, to: Writable): Promise<void> {
  const store = modelStoreUrl ? undefined : await openStore(join(dataDir, 'models'), undefined);
  await dump({ db, store }, to);
}
