import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bin, root, withoutBinOnPath } from './paths.js';
import { runWithProgress } from './progress.js';
import { hashOf, readStamp, writeStamp } from './stamp.js';

const stampName = 'installed';

/** Installs the packages of package-lock.json, unless they are installed already. */
export async function ensureInstalled() {
  const wanted = hashOf(['package-lock.json']);
  if (readStamp(stampName) === wanted && existsSync(join(bin, 'node'))) return;
  if (!isInstalledByHand()) await install();
  writeStamp(stampName, wanted);
}

async function install() {
  try {
    await runWithProgress('Installing dependencies (about 150 MB, once)', 'npm', ['ci', '--loglevel=error'], {
      env: withoutBinOnPath(),
    });
  } catch (error) {
    console.error(`\n${error.message}`);
    console.error('Check the network (and npm’s proxy or registry settings), then run the same command again.');
    process.exit(1);
  }
}

/** npm writes its own record last of all: one that is newer than the lock file means a finished install. */
function isInstalledByHand() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record) || !existsSync(join(bin, 'node'))) return false;
  return statSync(record).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}
