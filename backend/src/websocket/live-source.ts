import type { RunId } from '@rondo/protocol';
import type { Db } from '../db/database.ts';
import { newestRunId, readChanges, readSnapshot } from '../db/queries/live.ts';
import type { LiveSource } from './hub.ts';

const oneMoment = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const;

/** Reads for viewers; those who ask for the same while it is being read share the answer. */
export function createLiveSource(db: Db): LiveSource {
  const snapshots = new Map<string, ReturnType<LiveSource['snapshot']>>();
  const changes = new Map<string, ReturnType<LiveSource['changes']>>();
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

function shared<T>(underWay: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const known = underWay.get(key);
  if (known) return known;
  const reading = read().finally(() => underWay.delete(key));
  underWay.set(key, reading);
  return reading;
}
