import { type LiveEvent, limits, type RunId, type SnapshotMessage } from '@rondo/protocol';
import { and, desc, eq, gt, isNotNull, isNull, ne, or, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { clientEvent, roundEvent, runEvent } from '../live-events.ts';
import { clients, logs, metricPoints, metricSeries, rounds, runs } from '../schema.ts';
import { toClient, toLog, toPoint, toRound, toRun } from '../wire.ts';
import { readAttentionList } from './insight.ts';
import { modelEventsSince, newestModels } from './models.ts';
import { inProjects, type Visible } from './projects.ts';

/**
 * The run that viewers follow when they name none: the running run that started last, else the one that ended last.
 * Runs that were imported come after all others. [S9]
 */
export async function newestRunId(db: Db, visible: Visible): Promise<RunId | undefined> {
  const seen = inProjects(runs.project_id, visible);
  for (const isOwn of [isNull(runs.imported_at), isNotNull(runs.imported_at)]) {
    const [running] = await db
      .select({ run_id: runs.run_id })
      .from(runs)
      .where(and(seen, isOwn, eq(runs.status, 'running')))
      .orderBy(desc(runs.started_at), desc(runs.created_at), desc(runs.run_id))
      .limit(1);
    if (running) return running.run_id;
    const [ended] = await db
      .select({ run_id: runs.run_id })
      .from(runs)
      .where(and(seen, isOwn, ne(runs.status, 'running')))
      .orderBy(desc(sql`coalesce(${runs.completed_at}, ${runs.started_at})`), desc(runs.created_at), desc(runs.run_id))
      .limit(1);
    if (ended) return ended.run_id;
  }
  return undefined;
}

/** One consistent picture of a run, for a repeatable-read transaction. [S3] */
export async function readSnapshot(tx: Db, runId: RunId): Promise<SnapshotMessage | undefined> {
  const [run] = await tx.select().from(runs).where(eq(runs.run_id, runId));
  if (!run) return undefined;
  const ofRun = eq(rounds.run_id, runId);
  const newestRounds = await tx
    .select()
    .from(rounds)
    .where(ofRun)
    .orderBy(desc(rounds.round))
    .limit(limits.snapshotRounds);
  const allClients = await tx.select().from(clients).where(eq(clients.run_id, runId)).orderBy(clients.client_id);
  const history = await tx
    .select({ round: rounds.round, loss: rounds.global_loss, accuracy: rounds.global_accuracy })
    .from(rounds)
    .where(and(ofRun, or(isNotNull(rounds.global_loss), isNotNull(rounds.global_accuracy))))
    .orderBy(desc(rounds.round))
    .limit(limits.historyPoints);
  const latestMetrics = await tx
    .select()
    .from(metricSeries)
    .where(and(eq(metricSeries.run_id, runId), eq(metricSeries.client_id, '')))
    .orderBy(metricSeries.name)
    .limit(limits.snapshotMetrics);
  const newestLogs = await tx
    .select()
    .from(logs)
    .where(eq(logs.run_id, runId))
    .orderBy(desc(logs.log_id))
    .limit(limits.snapshotLogs);
  return {
    type: 'snapshot',
    run_id: run.run_id,
    epoch: run.epoch,
    seq: run.seq,
    data: {
      run: toRun(run),
      rounds: newestRounds.map(toRound),
      clients: allClients.map(toClient),
      metrics_history: history.reverse(),
      models: await newestModels(tx, runId, limits.snapshotModels),
      metrics: latestMetrics.map(({ num_points, block_width, ...point }) => toPoint({ ...point, updated_seq: 0 })),
      logs: newestLogs.reverse().map(toLog),
      attention: (await readAttentionList(tx, runId))?.list ?? null,
    },
  };
}

// More than this is cheaper to send as a snapshot.
const maxChanges = 5_000;

export interface Changes {
  readonly seq: number;
  readonly events: LiveEvent[];
}

/** The exact changes since `seq`, or undefined if only a snapshot can provide them. [S5] */
export async function readChanges(tx: Db, runId: RunId, epoch: string, since: number): Promise<Changes | undefined> {
  const [run] = await tx.select().from(runs).where(eq(runs.run_id, runId));
  if (!run || run.epoch !== epoch || since > run.seq) return undefined;
  if (since === run.seq) return { seq: run.seq, events: [] };
  const limit = maxChanges + 1;
  const changedRounds = await tx
    .select()
    .from(rounds)
    .where(and(eq(rounds.run_id, runId), gt(rounds.updated_seq, since)))
    .orderBy(rounds.round)
    .limit(limit);
  const changedClients = await tx
    .select()
    .from(clients)
    .where(and(eq(clients.run_id, runId), gt(clients.updated_seq, since)))
    .limit(limit);
  const newPoints = await tx
    .select()
    .from(metricPoints)
    .where(and(eq(metricPoints.run_id, runId), gt(metricPoints.updated_seq, since)))
    .limit(limit);
  const newLogs = await tx
    .select()
    .from(logs)
    .where(and(eq(logs.run_id, runId), gt(logs.updated_seq, since)))
    .orderBy(logs.log_id)
    .limit(limit);
  const attention = await readAttentionList(tx, runId);
  const events: LiveEvent[] = [
    ...(run.updated_seq > since ? [runEvent(run)] : []),
    ...changedRounds.map((row) => roundEvent(row, since)),
    ...changedClients.map((row) => clientEvent(row, since)),
    ...newPoints.map((row): LiveEvent => ({ type: 'metric', data: toPoint(row) })),
    ...(await modelEventsSince(tx, runId, since, limit)),
    ...newLogs.map((row): LiveEvent => ({ type: 'log', data: toLog(row) })),
    ...(attention && attention.updated_seq > since ? [{ type: 'attention', data: attention.list } as const] : []),
  ];
  return events.length > maxChanges ? undefined : { seq: run.seq, events };
}
