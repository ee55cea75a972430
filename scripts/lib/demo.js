import { execFileSync } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { startChild, stopChild } from './child.js';
import { dataDir, root } from './paths.js';

const main = 'demo/src/main.ts';
const pidPath = join(dataDir, 'demo.pid');
const logPath = join(dataDir, 'demo.log');

// It reports the end of its run, which takes it at most two seconds.
const goodbyeMs = 3_000;

export const demoLog = relative(process.cwd(), logPath);

/** Starts the demo federation. It outlives this process if that dies, so that the next server receives the rest. */
export function startDemo(url) {
  const { RONDO_API_KEY: _, ...env } = process.env;
  const log = openSync(logPath, 'a');
  // Next to the data that it reports into, so that both are removed together.
  const settings = { RONDO_SPOOL_DIR: join(dataDir, 'demo-spool'), ...env, RONDO_URL: url, DATA_DIR: dataDir };
  const demo = startChild([main], { env: settings, stdio: ['ignore', log, log] });
  writeFileSync(pidPath, String(demo.child.pid));
  demo.ended.then(() => rmSync(pidPath, { force: true }));
  return { stop: () => stopChild(demo, goodbyeMs), leave: () => demo.child.unref() };
}

/** The demo that a killed server left running, if any. */
export function findDemo() {
  const pid = existsSync(pidPath) ? Number(readFileSync(pidPath, 'utf8')) : Number.NaN;
  if (!isDemo(pid)) return null;
  return { stop: () => stopStranger(pid), leave: () => {} };
}

/** Numbers of processes are used again: only one that runs the demo is ours to stop. */
function isDemo(pid) {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { cwd: root, encoding: 'utf8' }).includes(main);
  } catch {
    return false; // No such process, or no `ps` here.
  }
}

async function stopStranger(pid) {
  const until = Date.now() + goodbyeMs;
  try {
    process.kill(pid, 'SIGTERM');
    while (Date.now() < until) {
      process.kill(pid, 0);
      await new Promise((done) => setTimeout(done, 50));
    }
    process.kill(pid, 'SIGKILL');
  } catch {
    rmSync(pidPath, { force: true }); // It has ended.
  }
}
