import { type Convergence, isRoundOver, limits, type RunId, toNumber } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { readRoundsOf } from '../db/queries/insight.ts';
import { median } from './statistics.ts';

/** The newest evaluations: an older trend is over. */
const windowEvaluations = 50;
/** Below these an interval is too wide to say anything. */
const leastForSlope = 10;
/** A slope of a tenth of a standard deviation a round is found in 7 % of windows of ten, 57 % of twenty, 99 % of thirty. */
export const leastForPlateau = 20;
const z95 = 1.96;
/** z for 95 % and for 80 % together. */
const z80 = z95 + 0.8416;

export interface Evaluation {
  readonly round: number;
  readonly value: number;
}

type Trend = Pick<Convergence, 'slope' | 'slope_low' | 'slope_high' | 'detectable_slope'>;

/**
 * The median of all slopes between two evaluations (Theil 1950, Sen 1968), which a few wild ones do not move. Its interval
 * is between the slopes whose ranks Kendall's statistic separates from none.
 */
export function trendOf(evaluations: readonly Evaluation[]): Trend | undefined {
  const n = evaluations.length;
  if (n < leastForSlope) return undefined;
  const slopes: number[] = [];
  for (const [i, a] of evaluations.entries())
    for (const b of evaluations.slice(i + 1))
      if (b.round > a.round) slopes.push((b.value - a.value) / (b.round - a.round));
  slopes.sort((a, b) => a - b);
  const reach = z95 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const at = (rank: number) => slopes[Math.max(0, Math.min(slopes.length - 1, rank))] as number;
  const low = at(Math.floor((slopes.length - reach) / 2) - 1);
  const high = at(Math.ceil((slopes.length + reach) / 2));
  return {
    slope: median(slopes),
    slope_low: low,
    slope_high: high,
    detectable_slope: (z80 * (high - low)) / (2 * z95),
  };
}

/** `sign` is 1 where more is better. */
export function stateOf(trend: Trend | undefined, n: number, sign: 1 | -1): Convergence['state'] {
  if (!trend) return 'not_known';
  const [low, high] = [trend.slope_low as number, trend.slope_high as number];
  if (low > 0) return sign === 1 ? 'improving' : 'worsening';
  if (high < 0) return sign === 1 ? 'worsening' : 'improving';
  return n < leastForPlateau ? 'not_known' : 'plateau';
}

const figure = (value: number): string => Number(value.toPrecision(2)).toString();

function sentenceOf(state: Convergence['state'], trend: Trend | undefined, n: number, measure: string): string {
  const by = trend && `${figure(Math.abs(trend.slope as number))} a round`;
  const last = `over the last ${n} evaluations`;
  switch (state) {
    case 'improving':
    case 'worsening':
      return `The ${measure} is ${state} by ${by} ${last}.`;
    case 'plateau':
      return `The ${measure} shows no change ${last}; one of less than ${figure(trend?.detectable_slope as number)} a round could not have been seen.`;
    case 'not_known':
      return `${n} evaluations of the ${measure} are too few to say that it does not change: that needs ${leastForPlateau}.`;
    default:
      return state satisfies never;
  }
}

/** Whether the run's loss, or its accuracy where it reports no loss, still changes. [G17] */
export async function readConvergence(db: Db, runId: RunId): Promise<Convergence> {
  const rows = (await readRoundsOf(db, runId, {}, limits.insightRounds)).filter(isRoundOver);
  const of = (name: 'global_loss' | 'global_accuracy') =>
    rows
      .flatMap(({ round, [name]: said }) => (said === null ? [] : [{ round, value: toNumber(said) }]))
      .filter(({ value }) => Number.isFinite(value))
      .slice(-windowEvaluations);
  const losses = of('global_loss');
  const evaluations = losses.length > 0 ? losses : of('global_accuracy');
  const measure = losses.length > 0 ? 'loss' : evaluations.length > 0 ? 'accuracy' : null;
  const trend = trendOf(evaluations);
  const n = evaluations.length;
  const state = stateOf(trend, n, measure === 'accuracy' ? 1 : -1);
  return {
    run_id: runId,
    measure,
    state,
    num_evaluations: n,
    from_round: evaluations[0]?.round ?? null,
    to_round: evaluations.at(-1)?.round ?? null,
    slope: null,
    slope_low: null,
    slope_high: null,
    detectable_slope: null,
    ...trend,
    sentence: measure === null ? 'No round has a loss or an accuracy.' : sentenceOf(state, trend, n, measure),
  };
}
