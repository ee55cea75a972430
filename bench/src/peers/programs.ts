import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root } from '../lib/children.ts';
import { Skipped } from '../lib/figure.ts';

interface Venvs {
  readonly ensureVenv: (name: string, packages: readonly string[]) => string;
}

/** The folder of the programs of a virtual environment with these packages, installed if it must be. */
export async function installed(name: string, packages: readonly string[]): Promise<string> {
  const { ensureVenv } = (await import(pathToFileURL(join(root, 'scripts/lib/venv.js')).href)) as Venvs;
  try {
    return ensureVenv(name, packages);
  } catch (error) {
    throw new Skipped(`${packages.join(', ')} cannot be installed: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) killGroup(child);
});

/** Servers of peers start workers: the whole group ends with the benchmark. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

export interface Program {
  readonly stop: () => Promise<void>;
}

/** A server of a peer, once it answers at the address. */
export async function startProgram(
  command: string,
  args: readonly string[],
  { url, env = {}, longestMs = 180_000 }: { url: string; env?: Record<string, string>; longestMs?: number },
): Promise<Program> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore', detached: true });
  running.add(child);
  const failed = once(child, 'error').then(([error]) => {
    throw new Skipped(`${command} does not start: ${(error as Error).message}`);
  });
  const stop = async () => {
    killGroup(child);
    running.delete(child);
  };
  const answers = async () => {
    for (const until = performance.now() + longestMs; performance.now() < until; await wait(100)) {
      if (child.exitCode !== null) throw new Skipped(`${command} ended with ${child.exitCode}`);
      if (
        await fetch(url).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return;
    }
    throw new Skipped(`${command} did not answer within ${longestMs / 1_000} s`);
  };
  try {
    await Promise.race([answers(), failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** What a program prints as one line of JSON. */
export async function jsonOf<T>(command: string, args: readonly string[]): Promise<T> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  running.add(child);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  running.delete(child);
  if (code !== 0) throw new Error(`${command} ${args.slice(0, 2).join(' ')} ended with ${code}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as T;
}
