import type { HistoryPoint } from '@rondo/protocol';
import { useMemo } from 'react';
import type { Column } from '../ui/column.ts';
import { MetricText } from '../ui/MetricText.tsx';
import { VirtualTable } from '../ui/VirtualTable.tsx';

const columns: readonly Column<HistoryPoint>[] = [
  { key: 'round', name: 'Round', cell: (point) => point.round },
  { key: 'loss', name: 'Loss', align: 'end', cell: (point) => <MetricText value={point.loss} /> },
  {
    key: 'accuracy',
    name: 'Accuracy',
    align: 'end',
    cell: (point) => <MetricText value={point.accuracy} as="share" />,
  },
];

/** The same values as the chart's, for those who cannot or would rather not read a chart. */
export function HistoryTable({ history }: { readonly history: readonly HistoryPoint[] }) {
  const rows = useMemo(() => history.toReversed(), [history]);
  return (
    <VirtualTable
      label="Values by round"
      columns={columns}
      rows={rows}
      keyOf={(point) => point.round}
      maxHeight={420}
    />
  );
}
