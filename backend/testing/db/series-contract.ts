import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { readSeries, type Series } from '../../src/db/queries/read-series.ts';
import { deleteRest } from '../../src/db/queries/run-rows.ts';
import { deleteRun } from '../../src/db/queries/runs.ts';
import type { SeriesQuery } from '../../src/db/queries/series-query.ts';
import { makeRun, type TestRun } from '../facts.ts';
import { makeRandom } from '../random.ts';
import { makeWriter } from '../writer.ts';

/** Long series, which are read from blocks: what they show is what the points say. */
export const seriesContract = (database: () => Database): void => {
  it('[M1] a long series, reported in any order, keeps the minimum, the maximum and NaN of every bucket', async () => {
    const run = makeRun();
    const points = await reportLongSeries(database(), run);
    expect(await blocksOf(database(), run)).toBeGreaterThan(500);
    for (const [from, to, max_points] of ranges) {
      const query: SeriesQuery = { run_id: run.id, name: 'long', from, to, max_points };
      const asked = points.filter(({ step }) => step >= (from ?? 0) && step <= (to ?? Number.MAX_SAFE_INTEGER));
      const series = await readSeries(database().db, query);
      expect([series.total, series.sampled]).toEqual([asked.length, asked.length > max_points]);
      if (series.sampled) expectExtremes(series, asked, max_points);
      else expect(shown(series)).toEqual(asked.map(({ step, value }) => [step, value]));
    }
  });

  it('[F8] [M1] values that replace others of a long series leave no trace of these in its extremes', async () => {
    const { db } = database();
    const run = makeRun();
    const points = await reportLongSeries(database(), run);
    const { writer } = makeWriter(db);
    const lower = ({ step }: Reported) => step >= 34_000 && step < 36_000;
    const again = points.filter(lower).map(({ step }) => run.say('metric', { name: 'long', step, value: 0.5 }));
    const added = run.say('metric', { name: 'long', step: 34_567, round: 3, value: 0.25 });
    expect(await writer.submit([...again, added])).toMatchObject({ accepted: 2_001, duplicates: 0 });
    const now = points.map((point): Reported => (lower(point) ? { step: point.step, value: 0.5 } : point));
    for (const max_points of [2_000, 100, 4]) {
      const series = await readSeries(db, { run_id: run.id, name: 'long', max_points });
      expect([series.total, series.value.includes(1_000)]).toEqual([length + 1, false]);
    }
    const read = { run_id: run.id, name: 'long', from: 34_000, to: 35_999 };
    const whole = await readSeries(db, { ...read, max_points: 20_000 });
    expect([Math.min(...whole.value.map(Number)), Math.max(...whole.value.map(Number))]).toEqual([0.25, 0.5]);
    const outside = await readSeries(db, { run_id: run.id, name: 'long', from: 40_000, max_points: 500 });
    expectExtremes(
      outside,
      now.filter(({ step }) => step >= 40_000),
      500,
    );
    const blocks = await db.execute<{ width: string; points: string }>(sql`
      select width, sum(num_points) as points from metric_blocks where run_id = ${run.id} group by width`);
    expect(new Set(blocks.map(({ points }) => Number(points)))).toEqual(new Set([length + 1]));
  });

  it('a long series of a deleted run leaves no blocks', async () => {
    const run = makeRun();
    await reportLongSeries(database(), run);
    await database().db.transaction((tx) => deleteRun(tx, run.id));
    await deleteRest(database().db, () => false);
    expect(await blocksOf(database(), run)).toBe(0);
  });
};

const length = 60_000;
const ranges: [number | undefined, number | undefined, number][] = [
  [undefined, undefined, 2_000],
  [undefined, undefined, 10],
  [undefined, undefined, 2],
  [undefined, undefined, 20_000],
  [123, 45_678, 500],
  [1_000, 1_999, 2_000],
  [1_000, 1_999, 100],
  [31_999, 32_801, 64],
  [59_990, undefined, 2_000],
  [length * 2, undefined, 2_000],
];

interface Reported {
  readonly step: number;
  readonly value: number | 'NaN' | '-Infinity';
}

/** In four commits with mixed steps, so that later ones merge into existing blocks. */
async function reportLongSeries(database: Database, run: TestRun): Promise<Reported[]> {
  const random = makeRandom(7);
  const points = Array.from({ length }, (_, step): Reported => {
    if (step === 12_345) return { step, value: 'NaN' };
    if (step === 23_456) return { step, value: '-Infinity' };
    return { step, value: step === 34_567 ? 1_000 : random.below(1_000_000) / 1_000_000 };
  });
  const { writer } = makeWriter(database.db);
  for (let part = 0; part < 4; part++) {
    const facts = points
      .filter(({ step }) => (step * 7_919) % 4 === part)
      .map((point) => run.say('metric', { name: 'long', ...point }));
    for (let n = 0; n < facts.length; n += 10_000) await writer.submit(facts.slice(n, n + 10_000));
  }
  return points;
}

/** Near every point, within a bucket's width, a point is shown that is as great, and one that is as little. */
function expectExtremes(series: Series, asked: readonly Reported[], maxPoints: number): void {
  const expected = new Map(asked.map(({ step, value }) => [step, value]));
  expect(shown(series)).toEqual(series.step.map((step) => [step, expected.get(step)]));
  expect(series.step).toEqual([...new Set(series.step)].sort((a, b) => a - b));
  // Beside the extremes: one NaN, and the buckets that both ends cut.
  expect(series.step.length).toBeLessThanOrEqual(Math.max(maxPoints, 6) + 1);
  const span = (asked.at(-1)?.step ?? 0) - (asked[0]?.step ?? 0) + 1;
  const widest = (2 * span) / Math.max(1, Math.floor(maxPoints / 2) - 1);
  let first = 0;
  for (const { step, value } of asked) {
    if (value === 'NaN') expect(series.step).toContain(step);
    while ((series.step[first] ?? step) < step - widest) first += 1;
    let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let n = first; (series.step[n] ?? Number.POSITIVE_INFINITY) <= step + widest; n++) {
      const near = Number(series.value[n]);
      if (near < least) least = near;
      if (near > greatest) greatest = near;
    }
    if (value !== 'NaN' && (Number(value) < least || Number(value) > greatest)) {
      expect.fail(`near step ${step} nothing is shown as extreme as ${value}: ${least} to ${greatest}`);
    }
  }
}

const shown = ({ step, value }: Series) => step.map((one, n) => [one, value[n]] as const);

async function blocksOf({ db }: Database, run: TestRun): Promise<number> {
  const [row] = await db.execute<{ total: string }>(
    sql`select count(*) as total from metric_blocks where run_id = ${run.id}`,
  );
  return Number(row?.total);
}
