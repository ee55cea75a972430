import { parseArgs } from 'node:util';
import { DrizzleQueryError } from 'drizzle-orm';
import { ConfigError, readConfig } from '../config.ts';
import type { Summary } from './format.ts';
import { makeBackup, type Settings } from './make-backup.ts';
import { restoreBackup } from './restore-backup.ts';

/** `npm run backup [-- FILE]` and `npm run restore -- FILE [--force]`, on the database that the settings name. */
const usage = {
  backup: 'npm run backup [-- FILE]',
  restore: 'npm run restore -- FILE [--force]',
};

try {
  await run();
} catch (error) {
  // A query that failed says the query; why is in its cause.
  const { message } = error instanceof DrizzleQueryError && error.cause ? error.cause : (error as Error);
  console.error(message);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { force: { type: 'boolean', default: false } },
  });
  const [command, file, ...others] = positionals;
  if (command === 'backup' && others.length === 0 && !values.force) {
    const target = file ?? `rondo-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.backup.gz`;
    report(`${target} is complete`, await makeBackup(readSettings(), target));
  } else if (command === 'restore' && file !== undefined && others.length === 0) {
    report(`${file} is restored`, await restoreBackup(readSettings(), file, { force: values.force }));
  } else {
    throw new ConfigError(`usage: ${command === 'restore' ? usage.restore : usage.backup}`);
  }
}

function readSettings(): Settings {
  // Neither signs anything: a key would be made and kept for nothing.
  const config = readConfig({ SECRET_KEY: 'x'.repeat(32), ...process.env });
  return { databaseUrl: config.DATABASE_URL, dataDir: config.DATA_DIR, modelStoreUrl: config.MODEL_STORE_URL };
}

function report(what: string, { tables, contents, has_contents, created_at }: Summary): void {
  const rows = [...tables.values()].reduce((sum, table) => sum + table.rows, 0);
  const models = has_contents ? `${contents} checkpoints` : 'without the checkpoints, which stay in MODEL_STORE_URL';
  console.log(`${what}: ${rows.toLocaleString('en-US')} rows of ${tables.size} tables, ${models}, as of ${created_at}`);
}
