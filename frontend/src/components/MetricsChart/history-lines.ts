import type { HistoryPoint } from '@rondo/protocol';
import type { Line } from '../../charts/types.ts';
import { formatNumber, formatPercent, formatPercentTick, formatTick } from '../../lib/format.ts';
import { numberOf } from '../../lib/values.ts';

/** The training curve as lines; one that no round has reported is left out. */
export function linesOf(history: readonly HistoryPoint[]): Line[] {
  const lines: Line[] = [
    {
      key: 'loss',
      label: 'loss',
      token: '--loss',
      axis: 'left',
      values: history.map((point) => numberOf(point.loss)),
      format: formatNumber,
      formatTick,
    },
    {
      key: 'accuracy',
      label: 'accuracy',
      token: '--accuracy',
      axis: 'right',
      values: history.map((point) => numberOf(point.accuracy)),
      format: (value) => formatPercent(value),
      formatTick: formatPercentTick,
      span: [0, 1],
    },
  ];
  return lines.filter((line) => line.values.some((value) => value !== null));
}
