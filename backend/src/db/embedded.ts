import { on } from 'node:events';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { MessageChannel, Worker } from 'node:worker_threads';
import { startPeriodic } from '../periodic.ts';
import { copyAtWork } from './copy-at-work.ts';
import type { Db } from './db.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { PortStream } from './port-stream.ts';
import { checkpointIfDue, tidy, tidyInserted } from './tidy.ts';

/**
 * PGlite in a worker thread, so that Rondo needs no installed database. The driver speaks to it as to a real server.
 */
export interface Embedded {
  /** A connection for the driver. It has one at a time. */
  readonly connect: () => Duplex;
  readonly lock: FolderLock;
  /** Starts periodic maintenance; returns how to stop it. */
  startHousekeeping(db: Db): () => Promise<void>;
  /** Copies the database into a folder while it works. */
  copyTo(db: Db, folder: string): Promise<void>;
  close(): Promise<void>;
}

// PGlite has no background workers: this replaces autovacuum and the checkpointer.
const housekeepingMs = 60_000;
const insertedMs = 2_000;
const checkpointMs = 1_000;

export async function openEmbedded(dataDir: string): Promise<Embedded> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // A folder that exists may be open to all, and PGlite makes its files readable and writable by all. [security M8]
  await chmod(dataDir, 0o700);
  const lock = await lockFolder(dataDir);
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
    workerData: { dataDir: join(dataDir, 'postgres') },
  });
  try {
    await receive(worker, 'ready');
  } catch (error) {
    lock.close();
    throw new Error(`the embedded database in ${dataDir} could not be opened: ${(error as Error).message}`, {
      cause: error,
    });
  }
  // Housekeeping removes parts of the log that a copy needs.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  };
  return {
    lock,
    connect: () => {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage(port2, [port2]);
      return new PortStream(port1);
    },
    startHousekeeping: (db) => {
      // The next run repeats what failed; until then the database is slower, not wrong.
      const ignore = () => {};
      const stops = [
        startPeriodic(() => inTurn(() => tidyInserted(db)), { everyMs: insertedMs }, ignore),
        startPeriodic(() => inTurn(() => checkpointIfDue(db)), { everyMs: checkpointMs }, ignore),
        startPeriodic(() => inTurn(() => tidy(db)), { everyMs: housekeepingMs }, ignore),
      ];
      return async () => {
        await Promise.all(stops.map((stop) => stop()));
      };
    },
    copyTo: (db, target) => inTurn(() => copyAtWork(db, join(dataDir, 'postgres'), target)),
    close: async () => {
      const closed = receive(worker, 'closed');
      worker.postMessage('close');
      await closed;
      await worker.terminate();
      lock.close();
    },
  };
}

/** Under `node --watch` a worker also sends the names of its files. */
async function receive(worker: Worker, word: 'ready' | 'closed'): Promise<void> {
  for await (const [message] of on(worker, 'message')) if (message === word) return;
}
