import { useMemo } from 'react';
import { xFormats } from '../../charts/options.ts';
import type { Line, XKind } from '../../charts/types.ts';
import { noValue } from '../../lib/format.ts';
import type { Column } from '../ui/column.ts';
import { VirtualTable } from '../ui/VirtualTable.tsx';
import type { Compared } from './compared-lines.ts';

interface ComparedTableProps {
  readonly compared: Compared;
  readonly label: string;
  readonly xName: string;
  readonly xKind: XKind;
}

const columnPx = 128;

/** What the chart shows as a table: a row a place, a column a line. */
export function ComparedTable({ compared: { x, lines }, label, xName, xKind }: ComparedTableProps) {
  const columns = useMemo<Column<number>[]>(
    () => [
      { key: 'x', name: xName, className: 'w-36 whitespace-nowrap', cell: (at) => xFormats[xKind](x[at] ?? 0) },
      ...lines.filter(({ look }) => look !== 'edge').map((line) => columnOf(line)),
    ],
    [lines, x, xName, xKind],
  );
  const rows = useMemo(() => x.map((_, at) => at), [x]);
  return (
    <VirtualTable
      label={label}
      columns={columns}
      rows={rows}
      keyOf={(at) => at}
      maxHeight={420}
      minWidth={144 + columnPx * (columns.length - 1)}
      isPinned
    />
  );
}

const columnOf = ({ key, label, values, format }: Line): Column<number> => ({
  key,
  name: (
    <span title={label} dir="auto" className="block truncate">
      {label}
    </span>
  ),
  align: 'end',
  cell: (at) => {
    const value = values[at] ?? null;
    return value === null ? noValue : format(value);
  },
});
