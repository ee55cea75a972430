import type { RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { newestRunId, readChanges, readSnapshot } from '../db/queries/live.ts';
import type { LiveSource } from './hub.ts';

const oneMoment = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const;

/** Reads for viewers; those who ask for the same at once share the answer. */
export function createLiveSource(db: Db): LiveSource {
  const snapshots: Reads<Awaited<ReturnType<LiveSource['snapshot']>>> = new Map();
  const changes: Reads<Awaited<ReturnType<LiveSource['changes']>>> = new Map();
  return {
    newestRunId: () => newestRunId(db),
    snapshot: (runId) =>
      shared(snapshots, runId, async () => {
        const snapshot = await db.transaction((tx) => readSnapshot(tx, runId), oneMoment);
        return snapshot && { epoch: snapshot.epoch, seq: snapshot.seq, text: JSON.stringify(snapshot) };
      }),
    changes: (runId: RunId, epoch, since) =>
      shared(changes, JSON.stringify([runId, epoch, since]), () =>
        db.transaction((tx) => readChanges(tx, runId, epoch, since), oneMoment),
      ),
  };
}

type Reads<T> = Map<string, { readonly running: Promise<T>; next?: Promise<T> }>;

/**
 * The one read after the one that is under way, for all who ask meanwhile: a picture from before the question may lack a
 * commit that was announced before the question, too. [S5]
 */
function shared<T>(reads: Reads<T>, key: string, read: () => Promise<T>): Promise<T> {
  const start = (): Promise<T> => {
    const running = read().finally(() => {
      if (reads.get(key)?.running === running) reads.delete(key);
    });
    reads.set(key, { running });
    return running;
  };
  const known = reads.get(key);
  if (!known) return start();
  known.next ??= known.running.then(start, start);
  return known.next;
}
