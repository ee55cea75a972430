/**
 * The steps of the Dockerfile without an engine: each stage is a folder, COPY copies what .dockerignore lets through, RUN
 * runs there, and the command of the last stage is started as a user without rights until it answers. It shows that the
 * steps work, not what the base image has.
 */
import { execSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join, matchesGlob, relative, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { node24, root, withBinOnPath } from '../scripts/lib/paths.js';

const unprivilegedId = 65_534;
const startMs = 60_000;
const port = '18765';

const folder = mkdtempSync(join(tmpdir(), 'rondo-image-'));
chmodSync(folder, 0o755);
try {
  await rehearse();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function rehearse() {
  const stages = buildStages();
  const last = [...stages.values()].at(-1);
  const size = execSync(`du -sm ${last.path}`, { encoding: 'utf8' }).split('\t')[0];
  console.log(`\n  The last stage has ${size} MB on top of its base image.`);
  const own = process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : {};
  execSync(`chmod -R a+rX ${last.path} && chown ${own.uid ?? userInfo().uid} ${join(last.path, 'data')}`);
  const env = { PATH: process.env.PATH, ...last.env, HOST: '127.0.0.1', PORT: port, DATA_DIR: join(last.path, 'data') };
  const [, ...args] = JSON.parse(last.command);
  const server = spawn(node24(), args, { cwd: join(last.path, 'app'), env, ...own, stdio: 'inherit' });
  const isHealthy = await becomesHealthy(last, env);
  const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: 'text/html' } }).catch(() => null);
  server.kill('SIGTERM');
  const [code] = await once(server, 'exit');
  console.log(`  As user ${own.uid ?? userInfo().uid}: healthy ${isHealthy}, page ${page?.status}, exit code ${code}`);
  process.exitCode = isHealthy && page?.status === 200 && code === 0 ? 0 : 1;
}

async function becomesHealthy({ path, healthcheck }, env) {
  for (const until = Date.now() + startMs; Date.now() < until; await wait(250)) {
    const check = spawn(node24(), healthcheck.split(' ').slice(1), { cwd: join(path, 'app'), env, stdio: 'inherit' });
    const [code] = await once(check, 'exit');
    if (code === 0) return true;
  }
  return false;
}

function buildStages() {
  const stages = new Map();
  let stage;
  const perform = {
    FROM: (rest) => {
      const [base, , name = 'final'] = rest.split(' ');
      stage = { name, path: join(folder, name), env: {} };
      mkdirSync(join(stage.path, 'app'), { recursive: true });
      const parent = stages.get(base);
      if (parent) cpSync(parent.path, stage.path, { recursive: true, verbatimSymlinks: true });
      stages.set(name, stage);
    },
    ENV: (rest) => Object.assign(stage.env, Object.fromEntries(rest.split(' ').map((pair) => pair.split('=')))),
    COPY: (rest) => copy(stage, stages, rest.split(' ')),
    RUN: (rest) => run(stage, rest),
    HEALTHCHECK: (rest) => {
      stage.healthcheck = rest.slice(rest.indexOf('CMD ') + 4);
    },
    CMD: (rest) => {
      stage.command = rest;
    },
  };
  for (const line of readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n')) {
    const [, word, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (word === undefined) continue;
    console.log(`  ${line}`);
    perform[word]?.(rest);
  }
  return stages;
}

function copy(stage, stages, words) {
  const from = words[0].startsWith('--from=') ? stages.get(words.shift().slice('--from='.length)) : null;
  const to = join(stage.path, 'app', words.at(-1));
  for (const source of words.slice(0, -1)) {
    const path = from ? join(from.path, source) : join(root, source);
    const isFile = !lstatSync(path).isDirectory();
    const isInto = isFile && (words.at(-1).endsWith('/') || existsSync(to));
    const filter = (each) => from !== null || isSent(relative(root, each));
    cpSync(path, isInto ? join(to, basename(source)) : to, { recursive: true, verbatimSymlinks: true, filter });
  }
}

function run(stage, command) {
  // The one folder outside of /app.
  const here = command.replace(' /data', ` ${join(stage.path, 'data')}`).replaceAll(/ --(owner|group)=node/g, '');
  execSync(here, { cwd: join(stage.path, 'app'), stdio: 'inherit', env: { ...withBinOnPath(), NODE_ENV: '' } });
}

/** By .dockerignore: the last line that matches a path or a folder above it decides. */
function isSent(path) {
  const lines = readFileSync(resolve(root, '.dockerignore'), 'utf8').split('\n');
  const parts = path.split('/');
  const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  let sent = true;
  for (const line of lines.filter((each) => each && !each.startsWith('#'))) {
    const pattern = line.replace(/^!/, '');
    // A folder above something that is sent is itself walked through.
    if (above.some((each) => matchesGlob(each, pattern)) || (line !== pattern && pattern.startsWith(`${path}/`))) {
      sent = line !== pattern;
    }
  }
  return sent;
}
