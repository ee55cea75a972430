import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, withBinOnPath } from './paths.js';
import { runWithProgress } from './progress.js';
import { hashOf, readStamp, writeStamp } from './stamp.js';

const stampName = 'frontend-built';
const sources = ['frontend', 'protocol/src', 'protocol/package.json', 'package-lock.json'];

/** Builds the pages, unless those in frontend/dist are of these very sources. Rejects with what the build said. */
export async function ensureBuilt() {
  const wanted = hashOf(sources);
  if (existsSync(join(root, 'frontend/dist/index.html')) && readStamp(stampName) === wanted) return;
  await runWithProgress('Building the dashboard', 'vite', ['build', '--logLevel', 'warn'], {
    cwd: join(root, 'frontend'),
    env: withBinOnPath(),
  });
  writeStamp(stampName, wanted);
}
