import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root, stamps } from './paths.js';

const isNoSource = (name) =>
  name === 'node_modules' || name === 'dist' || name === 'test' || /\.test\.tsx?$/.test(name);

/** One hash of the content of files and folders; times say nothing after a `git checkout`. */
export function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths.flatMap((each) => filesIn(join(root, each)))) {
    hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

function filesIn(path) {
  if (!existsSync(path)) return [];
  if (!isFolder(path)) return [path];
  return readdirSync(path)
    .filter((name) => !isNoSource(name))
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}

function isFolder(path) {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

export function readStamp(name) {
  const path = join(stamps, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

export function writeStamp(name, value) {
  const path = join(stamps, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, value);
}
