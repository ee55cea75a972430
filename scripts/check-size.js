import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ensureBuilt } from './lib/build.js';
import { ensureInstalled } from './lib/install.js';
import { root } from './lib/paths.js';

/**
 * The first load of the live page must fit: the entry script, the page's own chunk and everything that these two
 * import at once, gzipped. `npm run bench -- --only first-load` measures the same in a browser.
 */
const mostKib = 200;

await ensureInstalled();
await ensureBuilt();
const assets = join(root, 'frontend/dist/assets');
const entry = /assets\/([\w.-]+\.js)/.exec(readFileSync(join(root, 'frontend/dist/index.html'), 'utf8'))?.[1];
const page = readdirSync(assets).find((name) => /^LivePage-.*\.js$/.test(name));
if (entry === undefined || page === undefined) {
  console.error('The built dashboard has no entry script or no chunk of the live page: check frontend/dist.');
  process.exit(1);
}

const files = new Set([entry, page]);
for (const file of files) {
  // A set visits files that are added during the iteration, and holds each file once.
  for (const imported of importedAtOnce(readFileSync(join(assets, file), 'utf8'))) files.add(imported);
}
const sizes = [...files].map((name) => ({ name, kib: gzipSync(readFileSync(join(assets, name))).length / 1024 }));
const total = sizes.reduce((sum, { kib }) => sum + kib, 0);
console.log(`first load of the live page: ${total.toFixed(1)} KiB gzipped in ${files.size} files, at most ${mostKib}`);
if (total > mostKib) {
  for (const { name, kib } of sizes.sort((a, b) => b.kib - a.kib))
    console.error(`${kib.toFixed(1).padStart(7)} ${name}`);
  process.exit(1);
}

/** Static imports only: `import("…")` waits until a page needs it. */
function importedAtOnce(source) {
  return [...source.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)].map(([, name]) => name);
}
