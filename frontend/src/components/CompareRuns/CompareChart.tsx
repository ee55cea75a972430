import { useMemo, useState } from 'react';
import { LineChart } from '../../charts/LineChart.tsx';
import { prepare } from '../../charts/prepare.ts';
import type { Range } from '../../charts/types.ts';
import { noValue } from '../../lib/format.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { type ComparedSeries, comparedLines } from './compare.ts';

/** Names that fit beside a readout; the rest is in the table of figures. */
const maxNamed = 8;

interface CompareChartProps {
  readonly label: string;
  readonly compared: readonly ComparedSeries[];
}

export function CompareChart({ label, compared }: CompareChartProps) {
  const [zoom, setZoom] = useState<Range | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const { x, lines } = useMemo(() => comparedLines(compared, label), [compared, label]);
  const prepared = useMemo(() => prepare({ x, lines, smoothing: 0, isLog: false, xEnd: null }), [x, lines]);
  const at = cursor ?? x.length - 1;
  const textOf = (index: number) =>
    lines.map(({ label: name, values, format }) => {
      const value = values[index] ?? null;
      return `${name} ${value === null ? noValue : format(value)}`;
    });
  if (lines.length === 0) return <EmptyState title={`No run has reported ${label.toLowerCase()}`} />;
  return (
    <>
      <div className="h-[clamp(220px,32vh,380px)]">
        <LineChart
          label={label}
          xName="round"
          lines={lines}
          prepared={prepared}
          zoom={zoom}
          onZoom={setZoom}
          onCursor={setCursor}
          describe={(index) => `round ${x[index]}: ${textOf(index).join(', ')}`}
        />
      </div>
      <p className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
        <span className="text-muted">round {x[at]}</span>
        {lines.slice(0, maxNamed).map((line) => {
          const value = line.values[at] ?? null;
          return (
            <span key={line.key} className="flex items-center gap-1.5">
              <span aria-hidden className="size-2 rounded-xs" style={{ background: `var(${line.token})` }} />
              <span dir="auto" className="max-w-40 truncate">
                {line.label.slice(0, -label.length - 2)}
              </span>
              <span className="font-medium text-text">{value === null ? noValue : line.format(value)}</span>
            </span>
          );
        })}
        {lines.length > maxNamed && <span className="text-muted">and {lines.length - maxNamed} more</span>}
      </p>
    </>
  );
}
