import { on } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Sql } from 'postgres';
import { type FolderLock, lockFolder } from './folder-lock.ts';

/**
 * The database that needs no installation: PGlite in a worker thread, reached through a Unix socket in a private folder
 * by the same driver as a real server.
 */
export interface Embedded {
  readonly connection: { path: string; host: string; database: string; username: string };
  readonly lock: FolderLock;
  startHousekeeping(client: Sql): void;
  close(): Promise<void>;
}

// PGlite has no background workers, so what autovacuum and the checkpointer do is done here.
const housekeepingMs = 60_000;

export async function openEmbedded(dataDir: string): Promise<Embedded> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(dataDir);
  const folder = await mkdtemp(join(tmpdir(), 'rondo-'));
  const path = join(folder, '.s.PGSQL.5432');
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
    workerData: { dataDir: join(dataDir, 'postgres'), socketPath: path },
  });
  try {
    await hear(worker, 'ready');
  } catch (error) {
    lock.close();
    await rm(folder, { recursive: true, force: true });
    throw new Error(`the embedded database in ${dataDir} does not open: ${(error as Error).message}`, { cause: error });
  }
  let timer: NodeJS.Timeout | undefined;
  return {
    lock,
    connection: { path, host: path, database: 'postgres', username: 'postgres' },
    startHousekeeping: (client) => {
      timer = setInterval(() => void tidy(client), housekeepingMs).unref();
    },
    close: async () => {
      clearInterval(timer);
      const closed = hear(worker, 'closed');
      worker.postMessage('close');
      await closed;
      await worker.terminate();
      lock.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Under `node --watch` a worker also sends the names of its files. */
async function hear(worker: Worker, word: 'ready' | 'closed'): Promise<void> {
  for await (const [message] of on(worker, 'message')) if (message === word) return;
}

async function tidy(client: Sql): Promise<void> {
  try {
    await client`vacuum analyze`;
    await client`checkpoint`;
  } catch {
    // The connection is closing, or the next turn will say the same: an untidy database is slower, not wrong.
  }
}
