import type { Axis, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { roundsOfSteps, type Series } from '../db/queries/read-series.ts';
import type { SeriesQuery } from '../db/queries/series-query.ts';
import { readCost } from './cost.ts';

/** Where the points of the series of one run are on an axis. [M4] */
export function axisOf(db: Db, run: { readonly run_id: RunId; readonly started_at: string }, axis: Axis) {
  let costs: Promise<Map<number, number>> | undefined;
  return async (query: SeriesQuery, { step, at }: Series): Promise<(number | null)[]> => {
    if (axis === 'step') return step;
    if (axis === 'time') return at.map((moment) => Date.parse(moment) - Date.parse(run.started_at));
    const rounds = await roundsOfSteps(db, query, step);
    if (axis === 'round') return rounds;
    costs ??= cumulated(db, run.run_id, axis);
    const byRound = await costs;
    return rounds.map((round) => (round === null ? null : (byRound.get(round) ?? null)));
  };
}

async function cumulated(db: Db, runId: RunId, axis: 'bytes' | 'examples'): Promise<Map<number, number>> {
  const cost = await readCost(db, runId, {});
  return new Map(
    cost.round.map((round, n) => [
      round,
      axis === 'examples'
        ? (cost.cumulated_examples[n] ?? 0)
        : (cost.cumulated_bytes_up[n] ?? 0) + (cost.cumulated_bytes_down[n] ?? 0),
    ]),
  );
}
