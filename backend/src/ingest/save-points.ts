import type { Db } from '../db/db.ts';
import { monthOf } from '../db/partitions.ts';
import { momentsOfPoints, pointKey, savePoints } from '../db/queries/run-state.ts';
import { saveSeries } from '../db/queries/series.ts';
import type { metricPoints } from '../db/schema.ts';
import type { PointRow, Reduction, RunRow } from './state.ts';

type StoredPoint = typeof metricPoints.$inferSelect;
type Reported = Reduction['points'][number];

interface Into {
  readonly seq: number;
  /** Where the positions of inputs go that say nothing new. */
  readonly duplicates: Set<number>;
}

export interface StoredPoints {
  readonly saved: readonly StoredPoint[];
  /** How many reports took the place of an earlier value. */
  readonly replaced: number;
}

/** Stores the points of a batch: of each key the latest value, whether the key is new or was reported before. [F8] */
export async function storePoints(
  tx: Db,
  run: RunRow,
  points: readonly Reported[],
  { seq, duplicates }: Into,
): Promise<StoredPoints> {
  if (points.length === 0) return { saved: [], replaced: 0 };
  const chains = risingChains(points, duplicates);
  const several = [...chains.values()].filter((chain) => chain.length > 1).map(([first]) => keyOf(first));
  const known = await momentsOfPoints(tx, run.run_id, several);
  const latest = [...chains.values()].map((chain) => stored(chain.at(-1) as Reported, seq));
  const outcomes = await savePoints(tx, latest, monthOf(run.created_at));
  let replaced = 0;
  for (const [key, chain] of chains) {
    const outcome = outcomes.get(key);
    const before = known.get(key);
    const isLate = (point: Reported) => outcome === undefined || (before !== undefined && point.at <= before);
    for (const point of chain) if (isLate(point)) duplicates.add(point.index);
    replaced += chain.filter((point) => !isLate(point)).length - Number(outcome?.isNew ?? false);
  }
  const saved = latest.filter((point) => outcomes.has(pointKey(point)));
  await saveSeries(tx, saved, (point) => outcomes.get(pointKey(point))?.isNew ?? false);
  return { saved, replaced };
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

const keyOf = ({ client_id, name, step, round }: PointRow) => ({ client_id, name, step, round });

function stored({ index, ...row }: Reported, updated_seq: number): StoredPoint {
  return { ...row, updated_seq };
}
