import type { AttentionNews, MetricValue, ProjectId, RunId, RunStatus } from '@rondo/protocol';
import { toMetricValue } from '@rondo/protocol';
import { and, eq, inArray, isNotNull, isNull, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { runs } from '../schema.ts';
import { alertMarks, alerts, runEndsHeard } from '../tables/alerts.ts';
import { attentionLists } from '../tables/insight.ts';

export interface FactsRow {
  readonly run_id: RunId;
  readonly project_id: ProjectId;
  readonly name: string;
  readonly tags: string[];
  readonly status: RunStatus;
  readonly reason: string | null;
  readonly completed_at: string | null;
  readonly imported_at: string | null;
  readonly current_round: number | null;
  readonly seq: number;
  readonly heard_at: string | null;
  readonly list: AttentionNews | null;
}

export const readAlertFacts = (db: Db, ids: readonly RunId[]): Promise<FactsRow[]> =>
  db
    .select({
      run_id: runs.run_id,
      project_id: runs.project_id,
      name: runs.name,
      tags: runs.tags,
      status: runs.status,
      reason: runs.reason,
      completed_at: runs.completed_at,
      imported_at: runs.imported_at,
      current_round: runs.current_round,
      seq: runs.seq,
      heard_at: runEndsHeard.heard_at,
      list: attentionLists.list,
    })
    .from(runs)
    .leftJoin(runEndsHeard, eq(runEndsHeard.run_id, runs.run_id))
    .leftJoin(attentionLists, eq(attentionLists.run_id, runs.run_id))
    .where(inArray(runs.run_id, [...ids]));

/** The alerts of these runs that hold. */
export const heldAlerts = (db: Db, ids: readonly RunId[]) =>
  db
    .select({
      id: alerts.id,
      rule_id: alerts.rule_id,
      run_id: alerts.run_id,
      topic: alerts.topic,
      attention_rule: alerts.attention_rule,
      at: alerts.at,
    })
    .from(alerts)
    .where(and(inArray(alerts.run_id, [...ids]), isNull(alerts.over_at), isNotNull(alerts.rule_id)));

/** The newest values of a metric, newest first: of the rounds that are over, else of the FL server's own points. */
export async function newestReadings(
  db: Db,
  runId: RunId,
  name: string,
  limit: number,
): Promise<{ x: number; value: MetricValue }[]> {
  const ofRounds = await db.execute<{ x: number; value: number }>(sql`
    select round as x, ${roundValue(name)} as value from rounds
    where run_id = ${runId} and status in ('complete', 'failed', 'stopped') and ${roundValue(name)} is not null
    order by round desc limit ${limit}`);
  const rows =
    ofRounds.length > 0
      ? ofRounds
      : await db.execute<{ x: number; value: number }>(sql`
          select distinct on (x) x, value from (
            select greatest(coalesce(round, 0), coalesce(step, 0)) as x, value, at from metric_points
            where run_id = ${runId} and client_id = '' and name = ${name} order by step desc limit ${limit * 4}
          ) as newest order by x desc, at desc limit ${limit}`);
  return [...rows].map(({ x, value }) => ({ x: Number(x), value: toMetricValue(Number(value)) }));
}

function roundValue(name: string): SQL {
  const own = sql`(metrics ->> ${name}::text)::float8`;
  if (name === 'loss' || name === 'global_loss') return sql`coalesce(global_loss, ${own})`;
  if (name === 'accuracy' || name === 'global_accuracy') return sql`coalesce(global_accuracy, ${own})`;
  return own;
}

/** Runs of these projects that changed since the rules last looked, the newest news first. */
export async function runsToLookAt(
  db: Db,
  projects: readonly ProjectId[],
  activeFrom: string,
  limit: number,
): Promise<RunId[]> {
  if (projects.length === 0) return [];
  const rows = await db
    .select({ run_id: runs.run_id })
    .from(runs)
    .leftJoin(alertMarks, eq(alertMarks.run_id, runs.run_id))
    .leftJoin(runEndsHeard, eq(runEndsHeard.run_id, runs.run_id))
    .where(
      and(
        inArray(runs.project_id, [...projects]),
        isNull(runs.imported_at),
        sql`${runs.seq} > coalesce(${alertMarks.seq}, -1)`,
        sql`(${runs.status} = 'running' or ${runEndsHeard.heard_at} >= ${activeFrom}::timestamptz)`,
      ),
    )
    .orderBy(sql`${runs.last_reported_at} desc nulls last`)
    .limit(limit);
  return rows.map(({ run_id }) => run_id);
}

export async function runningRunsOf(db: Db, project: ProjectId, limit: number): Promise<RunId[]> {
  const rows = await db
    .select({ run_id: runs.run_id })
    .from(runs)
    .where(and(eq(runs.project_id, project), eq(runs.status, 'running')))
    .limit(limit);
  return rows.map(({ run_id }) => run_id);
}

/** Keeps other servers from this run until the transaction ends. False when one of them has seen more of it. */
export async function lockMark(tx: Db, run_id: RunId, seq: number): Promise<boolean> {
  await tx.insert(alertMarks).values({ run_id, seq: -1 }).onConflictDoNothing();
  const [mark] = await tx.select().from(alertMarks).where(eq(alertMarks.run_id, run_id)).for('update');
  if (!mark || mark.seq > seq) return false;
  await tx.update(alertMarks).set({ seq }).where(eq(alertMarks.run_id, run_id));
  return true;
}

export async function saveMarks(db: Db, marks: readonly { run_id: RunId; seq: number }[]): Promise<void> {
  if (marks.length === 0) return;
  await db
    .insert(alertMarks)
    .values([...marks])
    .onConflictDoUpdate({ target: alertMarks.run_id, set: { seq: sql`greatest(${alertMarks.seq}, excluded.seq)` } });
}
