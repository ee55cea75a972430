import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore } from '../checkpoints/open-store.ts';
import { openAsItIs } from '../db/database.ts';
import { readBackup, type Summary } from './format.ts';
import { load } from './load.ts';
import type { Settings } from './make-backup.ts';

/**
 * Reads the whole file before it touches anything, then makes the database what it says, or leaves it as it was. Without
 * `upgrade` the schema stays that of the backup, for a test of the next start.
 */
export async function restoreBackup(
  settings: Settings,
  file: string,
  { force = false, upgrade = true } = {},
): Promise<Summary> {
  const { dataDir, databaseUrl, modelStoreUrl } = settings;
  await readBackup(createReadStream(file));
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const database = await openAsItIs({ databaseUrl, dataDir });
  const store = await openStore(join(dataDir, 'models'), modelStoreUrl);
  try {
    return await load(createReadStream(file), { db: database.db, store, dataDir, force, upgrade });
  } finally {
    store.close();
    await database.close();
  }
}
