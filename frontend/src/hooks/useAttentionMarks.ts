import type { AttentionItem, Severity } from '@rondo/protocol';
import { useMemo } from 'react';
import { useFLData } from './useFLData.ts';
import { useAttention } from './useInsight.ts';

export interface AttentionMark {
  /** The worst of its items. */
  readonly severity: Severity;
  readonly items: readonly AttentionItem[];
}

const ranks: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

/** The clients that the attention list names, each with its items, the worst first. */
export function marksOf(items: readonly AttentionItem[]): ReadonlyMap<string, AttentionMark> {
  const marks = new Map<string, AttentionMark>();
  for (const item of items) {
    const ids = item.client_id === undefined ? (item.client_ids ?? []) : [item.client_id];
    for (const id of ids) {
      const known = marks.get(id);
      const isWorse = known === undefined || ranks[item.severity] < ranks[known.severity];
      marks.set(id, {
        severity: isWorse ? item.severity : known.severity,
        items: [...(known?.items ?? []), item].sort((a, b) => ranks[a.severity] - ranks[b.severity]),
      });
    }
  }
  return marks;
}

const none: ReadonlyMap<string, AttentionMark> = new Map();

/** The marks of the run on screen; they come from the same answer as the attention list. */
export function useAttentionMarks(): ReadonlyMap<string, AttentionMark> {
  const run_id = useFLData(({ viewer }) => viewer.run_id);
  const isRunning = useFLData(({ viewer }) => viewer.run?.status === 'running');
  const { data } = useAttention(run_id, isRunning);
  return useMemo(() => (data === undefined || data.run_id !== run_id ? none : marksOf(data.items)), [data, run_id]);
}
