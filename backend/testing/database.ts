import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Database, openDatabase } from '../src/db/database.ts';

/** A migrated, empty embedded database of its own folder. */
export async function openTestDatabase(): Promise<Database> {
  const dataDir = await makeDataDir();
  const database = await openDatabase({ dataDir });
  return {
    ...database,
    close: async () => {
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A data folder of a server that was started once; the caller removes it. */
export async function makeDataDir(): Promise<string> {
  const template = await makeTemplate();
  const dataDir = await mkdtemp(join(tmpdir(), 'rondo-test-'));
  await cp(template, dataDir, { recursive: true });
  return dataDir;
}

const cache = fileURLToPath(new URL('../../node_modules/.cache/rondo/', import.meta.url));
// Names the version of PGlite.
const packageFile = new URL('../package.json', import.meta.url);
const migrations = new URL('../src/db/migrations/', import.meta.url);

/** Making a database costs seconds and copying one does not, so it is made once for these migrations. */
async function makeTemplate(): Promise<string> {
  const digest = createHash('sha256').update(await readFile(packageFile));
  for (const file of (await readdir(migrations)).sort()) digest.update(await readFile(new URL(file, migrations)));
  const template = join(cache, `database-${digest.digest('hex').slice(0, 16)}`);
  if (existsSync(template)) return template;
  await mkdir(cache, { recursive: true });
  const made = await mkdtemp(join(cache, 'making-'));
  await (await openDatabase({ dataDir: made })).close();
  // Another test file may have been first; its folder is as good.
  await rename(made, template).catch(() => rm(made, { recursive: true, force: true }));
  return template;
}
