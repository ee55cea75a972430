import { type MetricValue, toMetricValue } from '@rondo/protocol';
import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { type Piece, piecesOf, widthsOf } from './blocks.ts';
import { carriedPoints } from './carried-points.ts';
import type { SeriesQuery } from './series-query.ts';

export interface Series {
  readonly total: number;
  readonly sampled: boolean;
  readonly step: number[];
  readonly value: MetricValue[];
  readonly at: string[];
}

/**
 * A series as columns. Over `max_points` it is divided into buckets of equal width in steps, and each keeps its minimum
 * and maximum, so no spike is lost. [M1] Points that a whole block covers are not read again.
 */
export async function readSeries(db: Db, query: SeriesQuery): Promise<Series> {
  const extent = await readExtent(db, query);
  if (extent === undefined) return { total: 0, sampled: false, step: [], value: [], at: [] };
  const { low, high, blockWidth } = extent;
  const grid = gridOf(low, high, query.max_points, blockWidth);
  let rows = await readPoints(db, query, piecesOf(low, high, grid.widths), grid);
  // So few points over so many steps are shown as they are, not as the extremes of their blocks.
  if (grid.widths.length > 0 && totalOf(rows) <= query.max_points) {
    rows = await readPoints(db, query, piecesOf(low, high, []), grid);
  }
  const total = totalOf(rows);
  return {
    total,
    sampled: total > query.max_points,
    step: rows.map(({ step }) => Number(step)),
    value: rows.map(({ value }) => toMetricValue(Number(value))),
    at: rows.map(({ at }) => new Date(at).toISOString()),
  };
}

/** The rounds of these points: the reported ones, and the step where a round or a client update carries the name. */
export async function roundsOfSteps(db: Db, query: SeriesQuery, steps: readonly number[]): Promise<(number | null)[]> {
  if (steps.length === 0) return [];
  const rows = await db.execute<{ step: string; round: number | null }>(sql`
    select step, round from metric_points
    where ${loggedOf(query)} and step in (
      select value::bigint from json_array_elements_text(${JSON.stringify(steps)}::text::json))`);
  const rounds = new Map(rows.map(({ step, round }) => [Number(step), round]));
  return steps.map((step) => (rounds.has(step) ? (rounds.get(step) ?? null) : step));
}

interface Row extends Record<string, unknown> {
  readonly step: string;
  readonly value: number;
  readonly at: string | Date;
  readonly total: string;
}

const totalOf = (rows: readonly Row[]): number => Number(rows[0]?.total ?? 0);

/** The points of these pieces; where they are more than asked for, the least and the greatest of every bucket. */
function readPoints(db: Db, query: SeriesQuery, pieces: readonly Piece[], { origin, bucket }: Grid) {
  const points = sql.join([...pieces.map((piece) => pointsIn(query, piece)), carriedPoints(query)], sql` union all `);
  return db.execute<Row>(sql`
    with p as materialized (
      select step, value, at, points, (step - ${origin}::bigint) / ${bucket}::bigint as bucket
      from (${points}) as every_point
    ), counted as (
      select sum(points) as total from p
    ), edges as (
      select bucket, min(value) as least, max(value) filter (where value <> 'NaN'::float8) as greatest
      from p, counted where total > ${query.max_points} group by bucket
    ), kept as (
      select distinct on (p.bucket, p.value) p.step, p.value, p.at from p join edges using (bucket)
      where p.value in (edges.least, edges.greatest) or p.value = 'NaN'::float8
      order by p.bucket, p.value, p.step
    )
    select step, value, at, total from kept, counted
    union all select step, value, at, total from p, counted where total <= ${query.max_points}
    order by step, at`);
}

/** The first and the last step in the range, and the width of the series' smallest blocks if it has any. */
async function readExtent(db: Db, query: SeriesQuery) {
  const ofRange = sql`${loggedOf(query)} ${inRange(query)}`;
  const [row] = await db.execute<Record<'low' | 'high' | 'block_width', string | null>>(sql`
    select least((select min(step) from metric_points where ${ofRange}), carried.low) as low,
      greatest((select max(step) from metric_points where ${ofRange}), carried.high) as high,
      (select block_width from metric_series where ${loggedOf(query)}) as block_width
    from (select min(step) as low, max(step) as high from (${carriedPoints(query)}) as every_point) as carried`);
  if (!row || row.low === null) return undefined;
  const blockWidth = row.block_width === null ? undefined : Number(row.block_width);
  return { low: Number(row.low), high: Number(row.high), blockWidth };
}

interface Grid {
  /** The blocks that may be read. */
  readonly widths: readonly number[];
  readonly origin: number;
  readonly bucket: number;
}

/** Buckets of equal width. With blocks, a bucket ends where a block ends, so that each block falls into one bucket. */
function gridOf(low: number, high: number, maxPoints: number, blockWidth: number | undefined): Grid {
  const steps = high - low + 1;
  const buckets = Math.max(1, Math.floor(maxPoints / 2));
  const widths = blockWidth === undefined ? [] : widthsOf(blockWidth).filter((one) => steps / one >= buckets / 2);
  const largest = widths.at(-1);
  if (largest === undefined) return { widths, origin: low, bucket: Math.ceil(steps / buckets) };
  // The first and the last bucket may be cut by the ends of the range.
  return { widths, origin: 0, bucket: Math.ceil(steps / Math.max(1, buckets - 1) / largest) * largest };
}

/** Single points, or the extremes of blocks as if they were points; `points` is the number that each represents. */
function pointsIn(query: SeriesQuery, { width, first, last }: Piece): SQL {
  if (width === 1) {
    return sql`select step, value, at, 1 as points from metric_points
      where ${loggedOf(query)} and step between ${first}::bigint and ${last}::bigint`;
  }
  return sql`select point.* from metric_blocks cross join lateral (values
      (least_step, least, least_at, num_points),
      (greatest_step, greatest, greatest_at, 0),
      (nan_step, 'NaN'::float8, nan_at, case when least is null then num_points else 0 end)
    ) as point(step, value, at, points)
    where ${loggedOf(query)} and width = ${width}::bigint
      and block between ${first}::bigint and ${last}::bigint and point.step is not null`;
}

const loggedOf = ({ run_id, name, client_id }: SeriesQuery): SQL =>
  sql`run_id = ${run_id} and client_id = ${client_id ?? ''} and name = ${name}`;

const inRange = ({ from, to }: SeriesQuery): SQL =>
  sql`and step between ${from ?? 0}::bigint and ${to ?? Number.MAX_SAFE_INTEGER}::bigint`;
