import type { LiveSource } from './live-source.ts';
import { SerializedBatch } from './serialized-batch.ts';
import type { CatchUp, Position, Viewer } from './viewer.ts';

/**
 * Sends what the viewer lacks: the changes since its position, or a snapshot. Returns the viewer's new position, or
 * undefined if the run does not exist or the attempt was replaced while it read. [S5]
 */
export async function sendMissing(
  source: Pick<LiveSource, 'changes' | 'projectOf' | 'snapshot'>,
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
  }
  const snapshot = await source.snapshot(runId);
  if (!viewer.isCatchingUp(attempt) || !snapshot) return undefined;
  viewer.socket.send(snapshot.text);
  return { epoch: snapshot.epoch, seq: snapshot.seq };
}
