import { isLatestPoint, type RunId, toMetricValue } from '@rondo/protocol';
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';
import { metricBlocks, metricPoints, metricSeries } from '../schema.ts';
import { type Block, blocksOf, blocksPerBlock, mergedBlocks, type Point, smallestWidth, widthsOf } from './blocks.ts';

type PointRow = typeof metricPoints.$inferSelect;

interface SeriesKey {
  readonly run_id: RunId;
  readonly client_id: string;
  readonly name: string;
}

// Shorter series are read point by point, in about 10 ms.
const longSeries = 16_384;
// Begun in one transaction; the other long series wait for their next points, so that reporters do not.
const begunAtOnce = 1;
const pointsAtOnce = 32_768;

/**
 * Counts the new points of each series, moves its latest forward, and keeps the blocks of the long ones. The points are
 * stored by now; those that are not new replaced a value.
 */
export async function saveSeries(
  db: Db,
  points: readonly PointRow[],
  isNew: (point: PointRow) => boolean,
): Promise<void> {
  if (points.length === 0) return;
  const bySeries = new Map<string, [PointRow, ...PointRow[]]>();
  for (const point of points) {
    const known = bySeries.get(nameOf(point));
    if (known) known.push(point);
    else bySeries.set(nameOf(point), [point]);
  }
  const blocks: (SeriesKey & Block)[] = [];
  const renewed: (() => Promise<void>)[] = [];
  let begun = 0;
  for (const series of await countPoints(db, [...bySeries.values()], isNew)) {
    const key = { run_id: series.run_id, client_id: series.client_id, name: series.name };
    const width = series.block_width;
    if (width !== null) {
      const saved = bySeries.get(nameOf(series)) ?? [];
      const added = saved.filter(isNew);
      blocks.push(...allBlocks(added, width).map((block) => ({ ...key, ...block })));
      const steps = added.length === saved.length ? [] : saved.filter((point) => !isNew(point)).map(({ step }) => step);
      if (steps.length > 0) renewed.push(() => renewBlocks(db, key, steps, width));
    } else if (series.num_points >= longSeries && begun < begunAtOnce) {
      begun += 1;
      await beginBlocks(db, key);
    }
  }
  await addBlocks(db, blocks);
  for (const renew of renewed) await renew();
}

const nameOf = ({ run_id, client_id, name }: SeriesKey): string => JSON.stringify([run_id, client_id, name]);

const allBlocks = (points: readonly Point[], width: number): Block[] =>
  widthsOf(width).flatMap((each) => blocksOf(points, each));

async function countPoints(db: Db, series: readonly [PointRow, ...PointRow[]][], isNew: (point: PointRow) => boolean) {
  const rows = series.map((points) => {
    const { updated_seq, ...latest } = points.reduce((best, point) => (isLatestPoint(point, best) ? point : best));
    return { ...latest, num_points: points.filter(isNew).length };
  });
  // As `isLatestPoint`.
  const isNewer = sql`(excluded.step, excluded.at, coalesce(excluded.round, -1))
    >= (metric_series.step, metric_series.at, coalesce(metric_series.round, -1))`;
  const keepLatest = ['round', 'value', 'at', 'step'].map(
    (column) =>
      sql`${sql.identifier(column)} = case when ${isNewer} then excluded.${sql.identifier(column)} else metric_series.${sql.identifier(column)} end`,
  );
  const saved = await db.execute<
    Record<'run_id' | 'client_id' | 'name' | 'num_points' | 'block_width', string | null>
  >(sql`
    ${kept} insert into metric_series (run_id, client_id, name, step, round, value, at, num_points)
    select run_id, client_id, name, step, round, value, at, num_points
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as row_(
      run_id text, client_id text, name text, step bigint, round integer, value float8, at timestamptz(3), num_points bigint)
    on conflict (run_id, client_id, name) do update set
      num_points = metric_series.num_points + excluded.num_points, ${sql.join(keepLatest, sql`, `)}
    returning run_id, client_id, name, num_points, block_width`);
  return saved.map(({ run_id, client_id, name, num_points, block_width }) => ({
    run_id: run_id as RunId,
    client_id: client_id as string,
    name: name as string,
    num_points: Number(num_points),
    block_width: block_width === null ? null : Number(block_width),
  }));
}

/** From now on the series has blocks: those of all its points first, which are read a part at a time. */
async function beginBlocks(db: Db, key: SeriesKey): Promise<void> {
  const { step, value, at, round } = metricPoints;
  // Rounds may have points at one step.
  const place = sql`${step}, round_key`;
  let width: number | undefined;
  for (let last = { step: -1, round: null as number | null }; ; ) {
    const points = await db
      .select({ step, value, at, round })
      .from(metricPoints)
      .where(and(ofSeries(metricPoints, key), sql`(${place}) > (${last.step}::bigint, ${last.round ?? -1}::integer)`))
      .orderBy(place)
      .limit(pointsAtOnce);
    width ??= smallestWidth(points);
    await addBlocks(
      db,
      allBlocks(points, width).map((block) => ({ ...key, ...block })),
    );
    last = points.at(-1) ?? last;
    if (points.length < pointsAtOnce) break;
  }
  await db.update(metricSeries).set({ block_width: width }).where(ofSeries(metricSeries, key));
}

/** Rebuilds blocks whose points were replaced from the stored points, then the larger blocks from the smaller. */
async function renewBlocks(db: Db, key: SeriesKey, steps: readonly number[], smallest: number): Promise<void> {
  let numbers = numbersOf(steps, smallest);
  for (const [level, width] of widthsOf(smallest).entries()) {
    if (level > 0) numbers = numbersOf(numbers, blocksPerBlock);
    const blocks =
      level === 0 ? blocksOf(await pointsIn(db, key, numbers, width), width) : await merged(db, key, numbers, width);
    await db.execute(sql`
      delete from ${metricBlocks} where ${ofSeries(metricBlocks, key)} and width = ${width}::bigint
        and block in (select value::bigint from json_array_elements_text(${JSON.stringify(numbers)}::text::json))`);
    await addBlocks(
      db,
      blocks.map((block) => ({ ...key, ...block })),
    );
  }
}

const numbersOf = (positions: readonly number[], width: number): number[] => [
  ...new Set(positions.map((position) => Math.floor(position / width))),
];

async function pointsIn(db: Db, key: SeriesKey, numbers: readonly number[], width: number): Promise<Point[]> {
  const rows = await db.execute<{ step: string; value: number; at: string }>(sql`
    select point.* from json_array_elements_text(${JSON.stringify(numbers)}::text::json) as wanted(number)
    cross join lateral (
      select step, value, at from ${metricPoints} where ${ofSeries(metricPoints, key)}
        and step >= number::bigint * ${width}::bigint and step < (number::bigint + 1) * ${width}::bigint
      order by step, round_key
    ) as point`);
  return rows.map(({ step, value, at }) => ({
    step: Number(step),
    value: toMetricValue(Number(value)),
    at: new Date(at).toISOString(),
  }));
}

async function merged(db: Db, key: SeriesKey, numbers: readonly number[], width: number): Promise<Block[]> {
  const parts = numbers.flatMap((number) =>
    Array.from({ length: blocksPerBlock }, (_, place) => number * blocksPerBlock + place),
  );
  const rows = await db
    .select()
    .from(metricBlocks)
    .where(
      and(
        ofSeries(metricBlocks, key),
        eq(metricBlocks.width, width / blocksPerBlock),
        sql`${metricBlocks.block} in (select value::bigint from json_array_elements_text(${JSON.stringify(parts)}::text::json))`,
      ),
    )
    .orderBy(asc(metricBlocks.block));
  return mergedBlocks(rows, width);
}

const ofSeries = (
  table: typeof metricPoints | typeof metricSeries | typeof metricBlocks,
  { run_id, client_id, name }: SeriesKey,
) => and(eq(table.run_id, run_id), eq(table.client_id, client_id), eq(table.name, name));

/** Merges blocks into those that are kept. */
async function addBlocks(db: Db, blocks: readonly (SeriesKey & Block)[]): Promise<void> {
  if (blocks.length === 0) return;
  await db.execute(sql`
    ${kept} insert into ${metricBlocks} as kept
    select * from json_to_recordset(${JSON.stringify(blocks)}::text::json) as row_(
      run_id text, client_id text, name text, width bigint, block bigint, num_points bigint,
      least float8, least_step bigint, least_at timestamptz(3),
      greatest float8, greatest_step bigint, greatest_at timestamptz(3), nan_step bigint, nan_at timestamptz(3))
    on conflict (run_id, client_id, name, width, block) do update set
      num_points = kept.num_points + excluded.num_points,
      least = least(kept.least, excluded.least),
      least_step = case when kept.least <= excluded.least or excluded.least is null then kept.least_step else excluded.least_step end,
      least_at = case when kept.least <= excluded.least or excluded.least is null then kept.least_at else excluded.least_at end,
      greatest = greatest(kept.greatest, excluded.greatest),
      greatest_step = case when kept.greatest >= excluded.greatest or excluded.greatest is null then kept.greatest_step else excluded.greatest_step end,
      greatest_at = case when kept.greatest >= excluded.greatest or excluded.greatest is null then kept.greatest_at else excluded.greatest_at end,
      nan_step = coalesce(kept.nan_step, excluded.nan_step),
      nan_at = coalesce(kept.nan_at, excluded.nan_at)`);
}
