import {
  isLowerBetter,
  isRoundOver,
  limits,
  type Metrics,
  type MetricValue,
  type Round,
  toNumber,
} from '@rondo/protocol';
import type { KeptLine, RunFigure, SummaryState } from '../db/tables/insight.ts';

type Reported = Pick<Round, 'round' | 'status' | 'global_loss' | 'global_accuracy' | 'metrics'>;

/** A metric may have the name of what every object has. [V7] */
export const ownOf = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

export const emptySummary: SummaryState = { figures: {}, sparkline: null };

/** The values that a round brings: none while it is open. */
export function figuresOf(round: Reported | undefined): Metrics {
  if (!round || !isRoundOver(round)) return {};
  return {
    ...round.metrics,
    ...(round.global_loss !== null && { loss: round.global_loss }),
    ...(round.global_accuracy !== null && { accuracy: round.global_accuracy }),
  };
}

/** The summary of all rounds, in the order of their numbers. */
export function summarise(rounds: Iterable<Reported>): SummaryState {
  const all = [...rounds].map((round) => [round.round, figuresOf(round)] as const);
  const name = sparklineName(all.map(([, figures]) => figures));
  let state = emptySummary;
  for (const [round, figures] of all) {
    const next = foldFigures(state, round, figures);
    state = {
      figures: next,
      sparkline: name === null ? null : addPoint(state.sparkline, name, round, ownOf(figures, name)),
    };
  }
  return state;
}

/** Updates the summary after a round's values changed; undefined if it must be recomputed from all rounds. [G11] */
export function foldRound(
  state: SummaryState,
  round: number,
  before: Metrics,
  after: Metrics,
): SummaryState | undefined {
  for (const [name, value] of Object.entries(before)) {
    if (ownOf(after, name) === value) continue;
    const known = ownOf(state.figures, name);
    if (!known) return undefined;
    if (ownOf(after, name) === undefined && known.last_round === round) return undefined;
    if (known.best_round === round) return undefined;
    if (state.sparkline?.name === name) return undefined;
  }
  const name = state.sparkline?.name ?? sparklineName([after]);
  if (rank(after) < (name === 'loss' ? 0 : name === 'accuracy' ? 1 : 2) && state.sparkline) return undefined;
  return {
    figures: foldFigures(state, round, after),
    sparkline: name === null ? null : addPoint(state.sparkline, name, round, ownOf(after, name)),
  };
}

const rank = (figures: Metrics): number => (figures.loss !== undefined ? 0 : figures.accuracy !== undefined ? 1 : 2);

function sparklineName(rounds: readonly Metrics[]): string | null {
  for (const name of ['loss', 'accuracy']) if (rounds.some((figures) => figures[name] !== undefined)) return name;
  const first = rounds.find((figures) => Object.keys(figures).length > 0);
  return first ? (Object.keys(first).sort()[0] ?? null) : null;
}

function foldFigures({ figures }: SummaryState, round: number, values: Metrics): Record<string, RunFigure> {
  const changed = Object.entries(values).map(
    ([name, value]) => [name, foldFigure(name, ownOf(figures, name), round, value)] as const,
  );
  return { ...figures, ...Object.fromEntries(changed) };
}

function foldFigure(name: string, known: RunFigure | undefined, round: number, value: MetricValue): RunFigure {
  const isLast = !known || round >= known.last_round;
  const isBest = !Number.isNaN(toNumber(value)) && isBetter(name, value, round, known);
  return {
    last: isLast ? value : known.last,
    last_round: isLast ? round : known.last_round,
    best: isBest ? value : (known?.best ?? null),
    best_round: isBest ? round : (known?.best_round ?? null),
  };
}

/** Of equal values the earliest is the best. */
function isBetter(name: string, value: MetricValue, round: number, known: RunFigure | undefined): boolean {
  if (known?.best === undefined || known.best === null || known.best_round === null) return true;
  const difference = toNumber(value) - toNumber(known.best);
  if (value === known.best || difference === 0) return round <= known.best_round;
  return isLowerBetter(name) ? difference < 0 : difference > 0;
}

/**
 * Keeps the newest value of every bucket of rounds. The width of a bucket is the least power of two with which the
 * rounds from the first to the last fit, so the points depend on the rounds alone and not on the order of their arrival.
 */
function addPoint(line: KeptLine | null, name: string, round: number, value: MetricValue | undefined): KeptLine | null {
  if (value === undefined) return line;
  const points = new Map(line?.round.map((at, n) => [at, line.value[n] as MetricValue]));
  points.set(round, value);
  const sorted = [...points].sort(([a], [b]) => a - b);
  const first = Math.min(line?.first ?? round, round);
  const last = sorted.at(-1)?.[0] ?? round;
  let width = 1;
  while (Math.floor(last / width) - Math.floor(first / width) >= limits.sparklinePoints) width *= 2;
  const kept = sorted.filter(([at], n) => {
    const next = sorted[n + 1];
    return next === undefined || Math.floor(next[0] / width) !== Math.floor(at / width);
  });
  return { name, first, round: kept.map(([at]) => at), value: kept.map(([, one]) => one) };
}
