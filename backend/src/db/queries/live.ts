import { type LiveEvent, limits, type RunId, type SnapshotMessage } from '@rondo/protocol';
import { and, desc, eq, gt, isNotNull, isNull, lte, ne, or, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { clientEvent, roundEvent, runEvent } from '../live-events.ts';
import { clients, logs, metricPoints, metricSeries, rounds, runs } from '../schema.ts';
import { toClient, toLog, toPoint, toRound, toRun } from '../wire.ts';
import { readAttentionList } from './insight.ts';
import { modelEventsSince, newestModels } from './models.ts';
import { inProjects, type Visible } from './projects.ts';

/**
 * The run that viewers follow when they name none: the running run that started last, else the one that ended last.
 * A running run whose FL server has long been silent comes after those that report, and runs that were imported come after
 * all others. [S9]
 */
export async function newestRunId(db: Db, visible: Visible): Promise<RunId | undefined> {
  const seen = inProjects(runs.project_id, visible);
  for (const isOwn of [isNull(runs.imported_at), isNotNull(runs.imported_at)]) {
    const [running] = await db
      .select({ run_id: runs.run_id })
      .from(runs)
      .where(and(seen, isOwn, eq(runs.status, 'running')))
      .orderBy(hasLongBeenSilent, desc(runs.started_at), desc(runs.created_at), desc(runs.run_id))
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

const hasLongBeenSilent = sql`coalesce(${runs.condition} ->> 'state' = 'silent'
  and (${runs.condition} ->> 'since')::timestamptz < now() - make_interval(secs => ${limits.longSilenceMs / 1_000}), false)`;

/** One consistent picture of a run, for a repeatable-read transaction; of many clients none. [S3] [S12] */
export async function readSnapshot(
  tx: Db,
  runId: RunId,
  maxClients: number = limits.snapshotClients,
): Promise<SnapshotMessage | undefined> {
  const [run] = await tx.select().from(runs).where(eq(runs.run_id, runId));
  if (!run) return undefined;
  const ofRun = eq(rounds.run_id, runId);
  const newestRounds = await tx
    .select()
    .from(rounds)
    .where(ofRun)
    .orderBy(desc(rounds.round))
    .limit(limits.snapshotRounds);
  const isLarge = run.num_clients > maxClients;
  const allClients = isLarge
    ? []
    : await tx.select().from(clients).where(eq(clients.run_id, runId)).orderBy(clients.client_id);
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
    ...(isLarge ? { seq: 0, complete_at: run.seq } : { seq: run.seq }),
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
  const page = await readPage(tx, runId, epoch, { since, othersSince: since, maxClients: maxChanges });
  if (!page?.isLast || page.events.length > maxChanges) return undefined;
  return { seq: page.seq, events: page.events };
}

export interface Page extends Changes {
  /** Nothing is left. */
  readonly isLast: boolean;
}

export interface PageWish {
  readonly since: number;
  /** All but the clients are known up to here. */
  readonly othersSince: number;
  readonly maxClients?: number;
}

/**
 * What changed since a seq, up to a later seq at which the clients fill a page. Undefined where only a snapshot can tell.
 * A row that changed again meanwhile is part of a later page. [S12]
 */
export async function readPage(
  tx: Db,
  runId: RunId,
  epoch: string,
  { since, othersSince, maxClients = limits.snapshotClients }: PageWish,
): Promise<Page | undefined> {
  const [run] = await tx.select().from(runs).where(eq(runs.run_id, runId));
  if (!run || run.epoch !== epoch || Math.max(since, othersSince) > run.seq) return undefined;
  if (since === run.seq) return { seq: run.seq, isLast: true, events: [] };
  const { rows, upTo } = await changedClients(tx, runId, { since, maxClients });
  const seq = upTo ?? run.seq;
  const others = seq > othersSince ? await readOthers(tx, run, othersSince, seq) : [];
  if (others.length > maxChanges) return undefined;
  return { seq, isLast: seq >= run.seq, events: [...rows.map((row) => clientEvent(row, since)), ...others] };
}

/** The clients that changed first, all of each seq; `upTo` is the last seq of these if there are more. */
async function changedClients(tx: Db, runId: RunId, { since, maxClients }: { since: number; maxClients: number }) {
  const ofRun = eq(clients.run_id, runId);
  const rows = await tx
    .select()
    .from(clients)
    .where(and(ofRun, gt(clients.updated_seq, since)))
    .orderBy(clients.updated_seq)
    .limit(maxClients + 1);
  const last = rows[maxClients]?.updated_seq;
  if (last === undefined) return { rows, upTo: undefined };
  const whole = rows.filter((row) => row.updated_seq < last);
  if (whole.length > 0) return { rows: whole, upTo: last - 1 };
  // One transaction changed more than a page; it is bounded by what a transaction may hold. [B3]
  const all = await tx
    .select()
    .from(clients)
    .where(and(ofRun, eq(clients.updated_seq, last)));
  return { rows: all, upTo: last };
}

/** All but the clients, after `since` and up to `upTo`. */
async function readOthers(tx: Db, run: typeof runs.$inferSelect, since: number, upTo: number): Promise<LiveEvent[]> {
  const { run_id } = run;
  const limit = maxChanges + 1;
  const isNew = (seq: number) => seq > since && seq <= upTo;
  const changedRounds = await tx
    .select()
    .from(rounds)
    .where(and(eq(rounds.run_id, run_id), gt(rounds.updated_seq, since), lte(rounds.updated_seq, upTo)))
    .orderBy(rounds.round)
    .limit(limit);
  const newPoints = await tx
    .select()
    .from(metricPoints)
    .where(
      and(eq(metricPoints.run_id, run_id), gt(metricPoints.updated_seq, since), lte(metricPoints.updated_seq, upTo)),
    )
    .limit(limit);
  const newLogs = await tx
    .select()
    .from(logs)
    .where(and(eq(logs.run_id, run_id), gt(logs.updated_seq, since), lte(logs.updated_seq, upTo)))
    .orderBy(logs.log_id)
    .limit(limit);
  const attention = await readAttentionList(tx, run_id);
  return [
    ...(isNew(run.updated_seq) ? [runEvent(run)] : []),
    ...changedRounds.map((row) => roundEvent(row, since)),
    ...newPoints.map((row): LiveEvent => ({ type: 'metric', data: toPoint(row) })),
    // Those after `upTo` come again, in the same state.
    ...(await modelEventsSince(tx, run_id, since, limit)),
    ...newLogs.map((row): LiveEvent => ({ type: 'log', data: toLog(row) })),
    ...(attention && isNew(attention.updated_seq) ? [{ type: 'attention', data: attention.list } as const] : []),
  ];
}
