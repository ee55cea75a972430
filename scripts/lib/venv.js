import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stamps } from './paths.js';
import { findPython } from './python.js';

/** The reason why no test can run here; not a failure of the tested code. */
export class Unavailable extends Error {}

/**
 * The folder of the programs of a virtual environment with exactly these packages, from PyPI. It is kept under
 * node_modules/.cache, so that the next run needs no network.
 */
export function ensureVenv(name, packages) {
  const digest = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = join(stamps, 'frameworks', `${name}-${digest}`);
  const bin = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin');
  if (existsSync(join(folder, 'complete'))) return bin;
  const python = findPython();
  if (python === null) throw new Unavailable('there is no Python 3.10 or newer on the path');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const made = run(python, ['-m', 'venv', folder]);
  if (made.status !== 0) throw new Unavailable(`${python} makes no virtual environment: ${lastLine(made)}`);
  const [first] = packages;
  const known = run(join(bin, 'python'), [
    '-m',
    'pip',
    'index',
    'versions',
    first.split(/[=<>[]/)[0],
    '--timeout',
    '15',
  ]);
  if (known.status !== 0) throw new Unavailable(`PyPI cannot be reached: ${lastLine(known)}`);
  console.log(`   installing ${packages.join(', ')}`);
  const installed = run(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', ...packages]);
  if (installed.status !== 0) throw new Error(`pip did not install ${packages.join(', ')}:\n${installed.stderr}`);
  mkdirSync(join(folder, 'complete'));
  return bin;
}

const run = (command, args) => spawnSync(command, args, { encoding: 'utf8', timeout: 900_000 });

const lastLine = ({ stderr, error }) =>
  (stderr ?? '').trim().split('\n').at(-1) || String(error?.message ?? 'no reason given');
