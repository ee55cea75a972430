import type { EmptySnapshotMessage } from '@rondo/protocol';
import type { Visible } from '../db/queries/projects.ts';
import type { LiveSource } from './live-source.ts';
import { SerializedBatch } from './serialized-batch.ts';
import type { CatchUp, Position, Subscription, Viewer } from './viewer.ts';

/**
 * Sends what the viewer lacks: the changes since its position, or a snapshot. Returns the viewer's new position, or
 * undefined if the run does not exist or the attempt was replaced while it read. [S5]
 */
export async function sendMissing(
  source: Pick<LiveSource, 'changes' | 'page' | 'projectOf' | 'snapshot'>,
  viewer: Viewer,
  attempt: CatchUp,
): Promise<Position | undefined> {
  const { runId, epoch, seq } = attempt;
  if (viewer.visible !== null) {
    const project = await source.projectOf(runId);
    // To a viewer, a run that it may not see does not exist. [O5]
    if (!viewer.isCatchingUp(attempt) || !viewer.sees(project)) return undefined;
    viewer.project = project;
  }
  if (epoch !== undefined && seq !== undefined) {
    const changes = await source.changes(runId, epoch, seq);
    if (!viewer.isCatchingUp(attempt)) return undefined;
    if (changes) {
      if (changes.seq > seq) viewer.socket.send(new SerializedBatch(runId, changes.seq, changes.events).text(seq));
      return { epoch, seq: changes.seq };
    }
    const position = await sendPages(source, viewer, attempt, { epoch, seq }, seq);
    if (position || !viewer.isCatchingUp(attempt)) return position;
  }
  // Again if the run was replaced by another one of its id while its pages were sent.
  for (let snapshot = await source.snapshot(runId); snapshot; snapshot = await source.snapshot(runId)) {
    if (!viewer.isCatchingUp(attempt)) return undefined;
    if (snapshot.completeAt === undefined) {
      viewer.socket.send(snapshot.text);
      return { epoch: snapshot.epoch, seq: snapshot.seq };
    }
    await viewer.sendPage(snapshot.text);
    if (!viewer.isCatchingUp(attempt)) return undefined;
    const position = await sendPages(source, viewer, attempt, snapshot, snapshot.completeAt);
    if (position || !viewer.isCatchingUp(attempt)) return position;
  }
  return undefined;
}

/** Page by page, each when the network has taken the one before. Undefined where only a snapshot can tell. [S12] */
async function sendPages(
  source: Pick<LiveSource, 'page'>,
  viewer: Viewer,
  attempt: CatchUp,
  { epoch, seq }: Position,
  othersSince: number,
): Promise<Position | undefined> {
  let [at, others] = [seq, othersSince];
  for (;;) {
    const page = await source.page(attempt.runId, epoch, at, others);
    if (!page || !viewer.isCatchingUp(attempt)) return undefined;
    if (page.seq > at) await viewer.sendPage(new SerializedBatch(attempt.runId, page.seq, page.events).text(at));
    if (!viewer.isCatchingUp(attempt)) return undefined;
    at = page.seq;
    others = Math.max(others, at);
    if (page.isLast) return { epoch, seq: at };
  }
}

interface KnownPart {
  readonly epoch?: string | undefined;
  readonly seq?: number | undefined;
  /** All but the clients are known up to here. [S12] */
  readonly othersSeq?: number | undefined;
}

/** The next message of what `sendMissing` would send; undefined if the run does not exist for this viewer. [S13] */
export async function readMissing(
  source: LiveSource,
  visible: Visible,
  { runId, epoch, seq, othersSeq = 0 }: Omit<Subscription, 'epoch' | 'seq'> & KnownPart,
): Promise<string | undefined> {
  const id = runId ?? (await source.newestRunId(visible));
  if (id === undefined) return emptySnapshot;
  const project = visible === null ? undefined : await source.projectOf(id);
  if (visible !== null && (project === undefined || !visible.includes(project))) return undefined;
  if (epoch !== undefined && seq !== undefined) {
    const page = await source.page(id, epoch, seq, Math.max(seq, othersSeq));
    if (page) return new SerializedBatch(id, page.seq, page.events).text(seq);
  }
  return (await source.snapshot(id))?.text;
}

const empty: EmptySnapshotMessage = {
  type: 'snapshot',
  run_id: null,
  epoch: null,
  seq: 0,
  data: { run: null, rounds: [], clients: [], metrics_history: [], models: [], metrics: [], logs: [] },
};
/** Sent while there is no run. */
export const emptySnapshot = JSON.stringify(empty);
