import type { Db } from '../db/db.ts';
import { monthOf } from '../db/partitions.ts';
import { momentsOfPoints, pointKey, type SavedPoint, savePoints } from '../db/queries/run-state.ts';
import { saveSeries } from '../db/queries/series.ts';
import type { metricPoints } from '../db/schema.ts';
import type { PointRow, Reduction, RunRow } from './state.ts';

type StoredPoint = typeof metricPoints.$inferSelect;
type Reported = Reduction['points'][number];

/** The points that one run reported. */
export interface PointsWork {
  readonly run: RunRow;
  readonly points: readonly Reported[];
  readonly seq: number;
  /** Where the positions of inputs go that say nothing new. */
  readonly duplicates: Set<number>;
}

export interface StoredPoints {
  readonly saved: readonly StoredPoint[];
  /** How many reports took the place of an earlier value. */
  readonly replaced: number;
}

/** Stores the points of runs: of each key the latest value, whether the key is new or was reported before. [F8] */
export async function storePoints(tx: Db, works: readonly PointsWork[]): Promise<StoredPoints[]> {
  const chains = works.map(({ points, duplicates }) => risingChains(points, duplicates));
  const latest = works.map(({ seq }, index) =>
    [...(chains[index]?.values() ?? [])].map((chain) => stored(chain.at(-1) as Reported, seq)),
  );
  const several = chains.flatMap((ofRun) => [...ofRun.values()].filter((chain) => chain.length > 1));
  const known = await momentsOfPoints(
    tx,
    several.map(([first]) => keyOf(first)),
  );
  const byMonth = Map.groupBy(works.keys(), (index) => monthOf(works[index]?.run.created_at ?? ''));
  const outcomes = new Map<string, SavedPoint>();
  for (const [month, indexes] of byMonth) {
    const rows = indexes.flatMap((index) => latest[index] ?? []);
    for (const [key, outcome] of await savePoints(tx, rows, month)) outcomes.set(key, outcome);
  }
  const results = works.map(({ duplicates }, index) => {
    let replaced = 0;
    for (const [key, chain] of chains[index] ?? []) {
      const outcome = outcomes.get(key);
      const before = known.get(key);
      const isLate = (point: Reported) => outcome === undefined || (before !== undefined && point.at <= before);
      for (const point of chain) if (isLate(point)) duplicates.add(point.index);
      replaced += chain.filter((point) => !isLate(point)).length - Number(outcome?.isNew ?? false);
    }
    const saved = (latest[index] ?? []).filter((point) => outcomes.has(pointKey(point)));
    return { saved, replaced };
  });
  const saved = results.flatMap((result) => result.saved);
  await saveSeries(tx, saved, (point) => outcomes.get(pointKey(point))?.isNew ?? false);
  return results;
}

type Chain = [Reported, ...Reported[]];

/** By key, each report that is later than the ones before it; the others say nothing. */
function risingChains(points: readonly Reported[], duplicates: Set<number>): Map<string, Chain> {
  const chains = new Map<string, Chain>();
  for (const point of points) {
    const key = pointKey(point);
    const chain = chains.get(key);
    if (!chain) chains.set(key, [point]);
    else if (point.at > (chain.at(-1) as Reported).at) chain.push(point);
    else duplicates.add(point.index);
  }
  return chains;
}

const keyOf = ({ run_id, client_id, name, step, round }: PointRow) => ({ run_id, client_id, name, step, round });

function stored({ index, ...row }: Reported, updated_seq: number): StoredPoint {
  return { ...row, updated_seq };
}
