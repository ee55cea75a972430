import type { ProjectId, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { type Changes, newestRunId, type Page, readChanges, readPage, readSnapshot } from '../db/queries/live.ts';
import { projectOfRun, type Visible } from '../db/queries/projects.ts';

/** Reads for viewers what this server has not published to them. */
export interface LiveSource {
  /** The newest run in these projects; null means all projects. */
  newestRunId(visible: Visible): Promise<RunId | undefined>;
  projectOf(runId: RunId): Promise<ProjectId | undefined>;
  /** The snapshot as text, with its position; with `completeAt` its clients follow in pages. [S12] */
  snapshot(runId: RunId): Promise<Snapshot | undefined>;
  /** What changed after `since`, up to where a page is full. `othersSince`: up to there all but the clients are known. */
  page(runId: RunId, epoch: string, since: number, othersSince: number): Promise<Page | undefined>;
  /** The changes after `since`; undefined if only a snapshot can bring a viewer up to date. */
  changes(runId: RunId, epoch: string, since: number): Promise<Changes | undefined>;
}

export interface Snapshot {
  readonly epoch: string;
  readonly seq: number;
  readonly completeAt: number | undefined;
  readonly text: string;
}

const oneSnapshot = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const;

/** Viewers that need the same rows at the same time share one read. */
export function createLiveSource(db: Db): LiveSource {
  const snapshots: Reads<Awaited<ReturnType<LiveSource['snapshot']>>> = new Map();
  const projects: Reads<Awaited<ReturnType<LiveSource['projectOf']>>> = new Map();
  const changes: Reads<Awaited<ReturnType<LiveSource['changes']>>> = new Map();
  const pages: Reads<Awaited<ReturnType<LiveSource['page']>>> = new Map();
  return {
    newestRunId: (visible) => newestRunId(db, visible),
    projectOf: (runId) => shared(projects, runId, () => projectOfRun(db, runId)),
    snapshot: (runId) =>
      shared(snapshots, runId, async () => {
        const snapshot = await db.transaction((tx) => readSnapshot(tx, runId), oneSnapshot);
        if (!snapshot) return undefined;
        const { epoch, seq, complete_at: completeAt } = snapshot;
        return { epoch, seq, completeAt, text: JSON.stringify(snapshot) };
      }),
    page: (runId, epoch, since, othersSince) =>
      shared(pages, JSON.stringify([runId, epoch, since, othersSince]), () =>
        db.transaction((tx) => readPage(tx, runId, epoch, { since, othersSince }), oneSnapshot),
      ),
    changes: (runId: RunId, epoch, since) =>
      shared(changes, JSON.stringify([runId, epoch, since]), () =>
        db.transaction((tx) => readChanges(tx, runId, epoch, since), oneSnapshot),
      ),
  };
}

type Reads<T> = Map<string, { readonly running: Promise<T>; next?: Promise<T> }>;

/**
 * Callers that arrive during a read share the next one. Sharing the read under way would be wrong: it may have begun
 * before a commit that was announced before the call. [S5]
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
