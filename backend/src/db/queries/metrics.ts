import { type Metrics, type MetricValue, type RunId, toMetricValue } from '@rondo/protocol';
import { and, desc, eq, isNotNull, or, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { metricSeries, rounds } from '../schema.ts';

export interface Summary {
  readonly run_id: RunId;
  readonly round: number | null;
  readonly global_loss: MetricValue | null;
  readonly global_accuracy: MetricValue | null;
  /** The latest of every server-side metric, and the metrics of that round. */
  readonly metrics: Metrics;
}

export async function metricsSummary(db: Db, runId: RunId): Promise<Summary> {
  const hasFigures = or(isNotNull(rounds.global_loss), isNotNull(rounds.global_accuracy));
  const [latest] = await db
    .select()
    .from(rounds)
    .where(and(eq(rounds.run_id, runId), hasFigures))
    .orderBy(desc(rounds.round))
    .limit(1);
  const series = await db
    .select()
    .from(metricSeries)
    .where(and(eq(metricSeries.run_id, runId), eq(metricSeries.client_id, '')));
  return {
    run_id: runId,
    round: latest?.round ?? null,
    global_loss: latest?.global_loss ?? null,
    global_accuracy: latest?.global_accuracy ?? null,
    metrics: { ...Object.fromEntries(series.map(({ name, value }) => [name, value])), ...latest?.metrics },
  };
}

export interface SeriesQuery {
  readonly run_id: RunId;
  readonly name: string;
  readonly client_id?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly max_points: number;
}

export interface Series {
  readonly total: number;
  readonly sampled: boolean;
  readonly step: number[];
  readonly value: MetricValue[];
  readonly at: string[];
}

/**
 * A series as columns. Over `max_points` it is cut into buckets of equal width in steps, and the least and the greatest
 * point of each is kept, so no spike is lost. [M1]
 */
export async function readSeries(db: Db, query: SeriesQuery): Promise<Series> {
  const points = pointsOf(query);
  const [extent] = await db.execute<{ total: string; lo: string; hi: string }>(
    sql`with p as (${points}) select count(*) as total, min(step) as lo, max(step) as hi from p`,
  );
  const total = Number(extent?.total ?? 0);
  const sampled = total > query.max_points;
  const buckets = Math.max(1, Math.floor(query.max_points / 2));
  const rows = await db.execute<{ step: string; value: number; at: string | Date }>(
    sampled
      ? bucketed(points, Number(extent?.lo), Number(extent?.hi) + 1, buckets)
      : sql`with p as (${points}) select step, value, at from p order by step`,
  );
  return {
    total,
    sampled,
    step: rows.map(({ step }) => Number(step)),
    value: rows.map(({ value }) => toMetricValue(Number(value))),
    at: rows.map(({ at }) => new Date(at).toISOString()),
  };
}

function bucketed(points: SQL, low: number, high: number, buckets: number): SQL {
  return sql`
    with p as materialized (
      select step, value, at, width_bucket(step::float8, ${low}::float8, ${high}::float8, ${buckets}::int) as bucket from (${points}) as all_points
    ), edges as (
      select bucket, min(value) as least, max(value) filter (where value <> 'NaN'::float8) as greatest from p group by bucket
    )
    select step, value, at from (
      select distinct on (p.bucket, p.value) p.step, p.value, p.at
      from p join edges using (bucket)
      where p.value in (edges.least, edges.greatest) or p.value = 'NaN'::float8
      order by p.bucket, p.value, p.step
    ) as kept order by step`;
}

/** The points of one series: logged metrics, and what rounds and client results carry under the same name. [M2] */
function pointsOf({ run_id, name, client_id, from, to }: SeriesQuery): SQL {
  const range = (step: SQL) =>
    sql`${from === undefined ? sql`` : sql`and ${step} >= ${from}`} ${to === undefined ? sql`` : sql`and ${step} <= ${to}`}`;
  const logged = sql`
    select step, value, at from metric_points
    where run_id = ${run_id} and client_id = ${client_id ?? ''} and name = ${name} ${range(sql`step`)}`;
  const source = client_id === undefined ? ofRounds(name) : ofClient(name, client_id);
  return sql`${logged} union all
    select round::bigint as step, (${source.value})::float8 as value, ${source.at} as at from ${source.table}
    where run_id = ${run_id} and ${source.filter} and (${source.value}) is not null ${range(sql`round::bigint`)}`;
}

const ofRounds = (name: string) => ({
  table: sql`rounds`,
  at: sql`coalesce(completed_at, started_at)`,
  filter: sql`true`,
  value:
    name === 'global_loss'
      ? sql`global_loss`
      : name === 'global_accuracy'
        ? sql`global_accuracy`
        : sql`metrics ->> ${name}`,
});

const clientColumns = [
  'train_loss',
  'duration_ms',
  'bytes_up',
  'bytes_down',
  'update_norm',
  'cosine_to_mean',
  'sample_count',
];

const ofClient = (name: string, client_id: string) => ({
  table: sql`client_updates`,
  at: sql`submitted_at`,
  filter: sql`client_id = ${client_id} and submitted_at is not null`,
  value: clientColumns.includes(name) ? sql.identifier(name) : sql`metrics ->> ${name}`,
});
