import type { RunId } from '@rondo/protocol';
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { metricBlocks, metricPoints, metricSeries } from '../schema.ts';
import { type Block, blocksOf, type Point, smallestWidth, widthsOf } from './blocks.ts';

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

/** Counts the new points of each series, moves its latest forward, and keeps the blocks of the long ones. */
export async function saveSeries(db: Db, points: readonly PointRow[]): Promise<void> {
  if (points.length === 0) return;
  const bySeries = new Map<string, [PointRow, ...PointRow[]]>();
  for (const point of points) {
    const known = bySeries.get(nameOf(point));
    if (known) known.push(point);
    else bySeries.set(nameOf(point), [point]);
  }
  const blocks: (SeriesKey & Block)[] = [];
  let begun = 0;
  for (const series of await countPoints(db, [...bySeries.values()])) {
    const key = { run_id: series.run_id, client_id: series.client_id, name: series.name };
    if (series.block_width !== null) {
      const added = bySeries.get(nameOf(series)) ?? [];
      blocks.push(...allBlocks(added, series.block_width).map((block) => ({ ...key, ...block })));
    } else if (series.num_points >= longSeries && begun < begunAtOnce) {
      begun += 1;
      await beginBlocks(db, key);
    }
  }
  await addBlocks(db, blocks);
}

const nameOf = ({ client_id, name }: { client_id: string; name: string }): string => `${client_id}\n${name}`;

const allBlocks = (points: readonly Point[], width: number): Block[] =>
  widthsOf(width).flatMap((each) => blocksOf(points, each));

async function countPoints(db: Db, series: readonly [PointRow, ...PointRow[]][]) {
  const rows = series.map((points) => {
    const { updated_seq, ...latest } = points.reduce((best, point) => (point.step > best.step ? point : best));
    return { ...latest, num_points: points.length };
  });
  const isNewer = sql`excluded.step > metric_series.step`;
  const keepLatest = ['round', 'value', 'at', 'step'].map(
    (column) =>
      sql`${sql.identifier(column)} = case when ${isNewer} then excluded.${sql.identifier(column)} else metric_series.${sql.identifier(column)} end`,
  );
  const saved = await db.execute<
    Record<'run_id' | 'client_id' | 'name' | 'num_points' | 'block_width', string | null>
  >(sql`
    insert into metric_series (run_id, client_id, name, step, round, value, at, num_points)
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
  const { step, value, at } = metricPoints;
  let width: number | undefined;
  for (let last = -1; ; ) {
    const points = await db
      .select({ step, value, at })
      .from(metricPoints)
      .where(and(ofSeries(metricPoints, key), gt(step, last)))
      .orderBy(asc(step))
      .limit(pointsAtOnce);
    width ??= smallestWidth(points);
    await addBlocks(
      db,
      allBlocks(points, width).map((block) => ({ ...key, ...block })),
    );
    last = points.at(-1)?.step ?? last;
    if (points.length < pointsAtOnce) break;
  }
  await db.update(metricSeries).set({ block_width: width }).where(ofSeries(metricSeries, key));
}

const ofSeries = (table: typeof metricPoints | typeof metricSeries, { run_id, client_id, name }: SeriesKey) =>
  and(eq(table.run_id, run_id), eq(table.client_id, client_id), eq(table.name, name));

/** Merges blocks into those that are kept. */
async function addBlocks(db: Db, blocks: readonly (SeriesKey & Block)[]): Promise<void> {
  if (blocks.length === 0) return;
  await db.execute(sql`
    insert into ${metricBlocks} as kept
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
