import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { root, type TestServer } from './server.ts';

export interface Demo {
  readonly stop: () => Promise<void>;
}

/** The demo federation as `npm start` runs it, with the key that the server left for it; only faster. */
export function startDemo(server: TestServer, ...args: readonly string[]): Demo {
  const child = spawn(process.execPath, ['demo/src/main.ts', ...args], {
    cwd: root,
    env: { ...process.env, RONDO_URL: server.url, DATA_DIR: server.dataDir },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
