import type { ClientUpdate, Outcome } from '@rondo/protocol';
import type { Range } from '../../charts/types.ts';
import { reasonKeyOf } from '../../lib/failure-reasons.ts';
import { numberOf } from '../../lib/values.ts';

/** The numbers that have a histogram. */
export const filterMeasures = ['train_loss', 'duration_ms', 'sample_count', 'update_norm'] as const;
export type FilterMeasure = (typeof filterMeasures)[number];

export interface UpdateFilter {
  readonly text: string;
  readonly outcome: Outcome | null;
  /** A `ReasonGroup`'s key. */
  readonly reason: string | null;
  readonly ranges: Readonly<Partial<Record<FilterMeasure, Range>>>;
}

export const hasFilter = ({ text, outcome, reason, ranges }: UpdateFilter): boolean =>
  text.trim() !== '' || outcome !== null || reason !== null || Object.keys(ranges).length > 0;

/** Those that all of the filter holds for. */
export function filterUpdates(updates: readonly ClientUpdate[], filter: UpdateFilter): readonly ClientUpdate[] {
  if (!hasFilter(filter)) return updates;
  const wanted = filter.text.trim().toLowerCase();
  const ranges = Object.entries(filter.ranges) as [FilterMeasure, Range][];
  return updates.filter(
    (update) =>
      update.client_id.toLowerCase().includes(wanted) &&
      (filter.outcome === null || update.outcome === filter.outcome) &&
      (filter.reason === null || (update.outcome === 'failed' && reasonKeyOf(update.error) === filter.reason)) &&
      ranges.every(([measure, { min, max }]) => {
        const value = numberOf(update[measure]);
        return value !== null && value >= min && value <= max;
      }),
  );
}

/** Ranges in the address: `loss=0.5~1.25`. */
const names: Readonly<Record<FilterMeasure, string>> = {
  train_loss: 'loss',
  duration_ms: 'time',
  sample_count: 'samples',
  update_norm: 'norm',
};

export const nameOfRange = (measure: FilterMeasure): string => names[measure];

export function readFilter(params: URLSearchParams, outcomes: readonly string[]): UpdateFilter {
  const ranges: Partial<Record<FilterMeasure, Range>> = {};
  for (const measure of filterMeasures) {
    const [min, max] = (params.get(names[measure]) ?? '').split('~').map(Number.parseFloat);
    if (min !== undefined && max !== undefined && min <= max) ranges[measure] = { min, max };
  }
  const outcome = params.get('outcome');
  return {
    text: params.get('q') ?? '',
    outcome: outcome !== null && outcomes.includes(outcome) ? (outcome as Outcome) : null,
    reason: params.get('reason'),
    ranges,
  };
}

export const writeRange = (range: Range | null): string | null => (range === null ? null : `${range.min}~${range.max}`);

const ranks: Readonly<Record<Outcome, number>> = { failed: 0, no_reply: 1, unreported: 2, pending: 4, complete: 5 };

/** Trouble first: failed, no reply, a value that is not finite, then what is open, then the rest by name. */
export function troubleFirst(
  updates: readonly ClientUpdate[],
  compareNames: (a: string, b: string) => number,
): readonly ClientUpdate[] {
  const rankOf = ({ outcome, train_loss, update_norm }: ClientUpdate): number =>
    outcome === 'complete' &&
    [train_loss, update_norm].some((value) => value !== null && !Number.isFinite(Number(value)))
      ? 3
      : ranks[outcome];
  return [...updates].sort((a, b) => rankOf(a) - rankOf(b) || compareNames(a.client_id, b.client_id));
}
