import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const bin = join(root, 'node_modules', '.bin');
export const dataDir = resolve(root, process.env.DATA_DIR || 'data');

/** State that is stored between starts; `npm ci` deletes it together with the packages that it describes. */
export const stamps = join(root, 'node_modules', '.cache', 'rondo');

const oldestNode = 20;

export function requireNode() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major >= oldestNode) return;
  console.error(`Rondo needs Node.js ${oldestNode} or newer; this is ${process.version}. Install one from nodejs.org.`);
  process.exit(1);
}

/** The Node 24 that came with the dependencies: it runs TypeScript as it is. */
export function node24() {
  const installed = join(bin, 'node');
  if (existsSync(installed)) return installed;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  console.error(
    'node_modules has no Node 24: npm was configured to skip install scripts. Run: npm ci --ignore-scripts=false',
  );
  process.exit(1);
}

export const withBinOnPath = () => ({ ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` });

/** `npm ci` deletes node_modules, and must not run in the Node inside it. */
export const withoutBinOnPath = () => ({
  ...process.env,
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.includes(join('node_modules', '.bin')))
    .join(delimiter),
});
