import type { HistoryPoint } from '@rondo/protocol';
import { isPlottable, numberOf } from '../../lib/values.ts';

/** The round with the highest accuracy; where none is reported, the lowest loss. */
export function bestRound(history: readonly HistoryPoint[]): number | null {
  return highest(history, (point) => numberOf(point.accuracy)) ?? highest(history, (point) => negated(point));
}

function negated(point: HistoryPoint): number | null {
  const loss = numberOf(point.loss);
  return loss === null ? null : -loss;
}

function highest(history: readonly HistoryPoint[], measure: (point: HistoryPoint) => number | null): number | null {
  let best: { round: number; value: number } | null = null;
  for (const point of history) {
    const value = measure(point);
    if (isPlottable(value) && (best === null || value > best.value)) best = { round: point.round, value };
  }
  return best?.round ?? null;
}
