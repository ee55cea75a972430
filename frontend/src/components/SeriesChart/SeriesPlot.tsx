import type { Series } from '@rondo/protocol';
import { useCallback, useMemo, useRef, useState } from 'react';
import { LineChart } from '../../charts/LineChart.tsx';
import { prepare } from '../../charts/prepare.ts';
import type { Range } from '../../charts/types.ts';
import { formatCount, formatNumber, noValue, plural } from '../../lib/format.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { describeSampling, lineOf } from './series-line.ts';

interface SeriesPlotProps {
  readonly series: Series;
  readonly zoom: Range | null;
  readonly isLog: boolean;
  /** A finer part is under way. */
  readonly isRefining: boolean;
  readonly onZoom: (range: Range | null) => void;
}

export function SeriesPlot({ series, zoom, isLog, isRefining, onZoom }: SeriesPlotProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const lines = useMemo(() => [lineOf(series)], [series]);
  const prepared = useMemo(
    () => prepare({ x: series.step, lines, smoothing: 0, isLog, xEnd: null }),
    [series, lines, isLog],
  );
  const zoomTo = useLatest(onZoom);
  const values = lines[0]?.values ?? [];
  const at = cursor ?? values.length - 1;
  const text = (index: number) => {
    const value = values[index];
    return value === null || value === undefined ? noValue : formatNumber(value);
  };
  return (
    <div data-points={series.step.length} data-total={series.total} data-sampled={series.sampled}>
      {series.step.length === 0 ? (
        <div className="flex h-80 items-center justify-center">
          <EmptyState title="Nothing was reported in this part" />
        </div>
      ) : (
        <div className="h-[clamp(280px,50vh,560px)]">
          <LineChart
            label={series.name}
            xName="step"
            lines={lines}
            prepared={prepared}
            zoom={zoom}
            onZoom={zoomTo}
            onCursor={setCursor}
            describe={(index) => `step ${series.step[index]}: ${text(index)}`}
          />
        </div>
      )}
      <div className="mt-3 flex flex-wrap justify-between gap-x-6 gap-y-1 text-xs text-soft">
        <p className="flex items-center gap-2">
          <span aria-hidden className="size-2.5 rounded-xs bg-accuracy" />
          {series.name}
          <span className="font-medium text-text">{text(at)}</span>
          {series.step[at] !== undefined && <span className="text-muted">at step {formatCount(series.step[at])}</span>}
        </p>
        <p role="status" className="text-muted">
          {isRefining ? 'Fetching this part…' : describeSampling(series)}
        </p>
      </div>
      {(prepared.nonFinite > 0 || prepared.hiddenByLog > 0) && (
        <p className="mt-1 text-xs text-no-reply">
          {prepared.nonFinite > 0 && `${plural(prepared.nonFinite, 'NaN or infinite value')} shown as a gap. `}
          {prepared.hiddenByLog > 0 && `${plural(prepared.hiddenByLog, 'value')} at or below 0 not on the log axis.`}
        </p>
      )}
    </div>
  );
}

/** The chart is rebuilt when its handlers are others; this one stays and calls the newest. */
function useLatest<A extends unknown[]>(handler: (...args: A) => void): (...args: A) => void {
  const latest = useRef(handler);
  latest.current = handler;
  return useCallback((...args: A) => latest.current(...args), []);
}
