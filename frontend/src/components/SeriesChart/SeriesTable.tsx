import type { Series } from '@rondo/protocol';
import { useMemo } from 'react';
import { formatCount, formatMomentToSecond } from '../../lib/format.ts';
import type { Column } from '../ui/column.ts';
import { MetricText } from '../ui/MetricText.tsx';
import { VirtualTable } from '../ui/VirtualTable.tsx';

interface Row {
  readonly step: number;
  readonly value: Series['value'][number];
  readonly at: string;
}

const columns: readonly Column<Row>[] = [
  { key: 'step', name: 'Step', cell: ({ step }) => formatCount(step) },
  { key: 'value', name: 'Value', align: 'end', cell: ({ value }) => <MetricText value={value} /> },
  { key: 'at', name: 'Reported', align: 'end', cell: ({ at }) => formatMomentToSecond(at) },
];

/** The same values as the chart's, newest first. */
export function SeriesTable({ series }: { readonly series: Series }) {
  const rows = useMemo(
    () => series.step.map((step, at) => ({ step, value: series.value[at], at: series.at[at] }) as Row).reverse(),
    [series],
  );
  return (
    <VirtualTable
      label={`Values of ${series.name}`}
      columns={columns}
      rows={rows}
      keyOf={({ step, at }) => `${step} ${at}`}
      maxHeight={420}
    />
  );
}
