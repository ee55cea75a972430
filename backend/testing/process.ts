import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface ServerProcess {
  readonly child: ChildProcess;
  /** Where it listens; rejects when it ends before that. */
  readonly url: Promise<string>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; said: string }>;
}

/** The server as a process of its own, with these settings and no others; `node` are options of Node.js. */
export function startProcess(
  settings: Record<string, string>,
  options: readonly string[] = [],
  node: readonly string[] = [],
): ServerProcess {
  const child = spawn(process.execPath, ['--max-semi-space-size=8', ...node, entry, ...options], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', LOG_LEVEL: 'error', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, said }));
  const url = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      said += String(chunk);
      const found = /is running at (\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then((end) => reject(new Error(`it ended (${end.code}) before it listened: ${end.said}`)));
  });
  url.catch(() => {}); // who waits for its end does not wait for this
  return { child, url, ended };
}
