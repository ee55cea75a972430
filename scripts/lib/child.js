import { spawn } from 'node:child_process';
import { node24, root } from './paths.js';

/**
 * A child in a process group of its own: Ctrl-C reaches the whole group of the terminal, and npm passes it on once more, so a
 * child in that group would stop before its turn.
 */
export function startChild(args, { env = process.env, stdio }) {
  const child = spawn(node24(), args, { cwd: root, env, stdio, detached: true });
  const ended = new Promise((done) => {
    child.on('error', (error) => done({ error, code: null, signal: null }));
    child.on('exit', (code, signal) => done({ error: null, code, signal }));
  });
  return { child, ended };
}

/** Asks a child to stop, and ends it when it does not within `patienceMs`. */
export async function stopChild({ child, ended }, patienceMs) {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await ended;
  clearTimeout(timer);
}

// The terminal and npm deliver the same Ctrl-C within milliseconds of each other; a person who means it waits longer.
const sameCtrlCMs = 1_000;

/** Calls `onFirst` for the first Ctrl-C or similar signal, `onAgain` for later ones. */
export function onStopSignals(onFirst, onAgain) {
  let firstAt = null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (firstAt === null) {
        firstAt = Date.now();
        onFirst();
      } else if (Date.now() - firstAt > sameCtrlCMs) {
        onAgain();
      }
    });
  }
}
