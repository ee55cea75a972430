import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { dist, folder, kept, license, manifest, root } from './paths.js';

/**
 * Makes what is published: JavaScript for Node 20, with its types, and with the protocol inside, which is no package of its
 * own. The manifest is that of the package until `restore.js` has run.
 */
if (existsSync(kept)) renameSync(kept, manifest);
rmSync(dist, { recursive: true, force: true });
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [compiler, '--project', join(folder, 'package')], { stdio: 'inherit' });
if (status !== 0) process.exit(1);

const protocol = join(dist, 'protocol', 'src', 'index.js');
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const path = join(dist, name);
  if (!/\.(js|d\.ts)$/.test(name)) continue;
  const inside = relative(dirname(path), protocol).replaceAll('\\', '/');
  const text = readFileSync(path, 'utf8')
    .replaceAll(/(["'])@rondo\/protocol\1/g, `'${inside}'`)
    // A computed key of another package's namespace: only some compilers can read it in a declaration.
    .replaceAll('[z.core.$brand]', "'~brand'")
    .replaceAll(/(from |import\()(["'])(\.[^"']*)\.ts\2/g, '$1$2$3.js$2');
  writeFileSync(path, text);
}

const own = JSON.parse(readFileSync(manifest, 'utf8'));
const { dependencies } = JSON.parse(readFileSync(join(root, 'protocol', 'package.json'), 'utf8'));
const { scripts, ...published } = own;
const entry = './dist/reporters/typescript/src/index';
copyFileSync(join(root, 'LICENSE'), license);
copyFileSync(manifest, kept);
writeFileSync(
  manifest,
  `${JSON.stringify(
    {
      ...published,
      exports: { '.': { types: `${entry}.d.ts`, default: `${entry}.js` } },
      types: `${entry}.d.ts`,
      dependencies,
      files: ['dist', '!dist/workspace-package.json'],
    },
    null,
    2,
  )}\n`,
);
