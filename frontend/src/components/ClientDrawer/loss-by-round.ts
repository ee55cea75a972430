import type { ClientUpdate } from '@rondo/protocol';
import type { Line } from '../../charts/types.ts';
import { formatNumber, formatTick } from '../../lib/format.ts';
import { numberOf } from '../../lib/values.ts';

/** Oldest first; a round that it failed or missed is a gap. */
export function lossByRound(updates: readonly ClientUpdate[]): { x: number[]; line: Line } {
  const oldestFirst = [...updates].sort((a, b) => a.round - b.round);
  return {
    x: oldestFirst.map((update) => update.round),
    line: {
      key: 'train_loss',
      label: 'training loss',
      token: '--loss',
      axis: 'left',
      values: oldestFirst.map((update) => numberOf(update.train_loss)),
      format: formatNumber,
      formatTick,
    },
  };
}
