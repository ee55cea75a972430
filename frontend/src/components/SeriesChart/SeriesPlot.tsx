import type { Series } from '@rondo/protocol';
import { useMemo, useState } from 'react';
import { LineChart } from '../../charts/LineChart.tsx';
import { xFormats } from '../../charts/options.ts';
import type { Range, Tip } from '../../charts/types.ts';
import { formatCount, formatMomentToSecond, formatNumber, noValue, plural } from '../../lib/format.ts';
import { placedSeries, placesOf } from '../../lib/placed-series.ts';
import type { ChartView } from '../ui/chart-view.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { SeriesTable } from './SeriesTable.tsx';
import { describeSampling } from './series-line.ts';
import { marksOf, preparedOf } from './series-picture.ts';

interface SeriesPlotProps {
  readonly series: Series;
  readonly view: ChartView;
  /** A finer part is under way. */
  readonly isRefining: boolean;
  readonly onZoom: (range: Range | null) => void;
}

export function SeriesPlot({ series: given, view, isRefining, onZoom }: SeriesPlotProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const series = useMemo(() => placedSeries(given), [given]);
  const { lines, prepared } = useMemo(() => preparedOf(series, view), [series, view]);
  const marks = useMemo(() => marksOf(series), [series]);
  const places = placesOf(series);
  const values = lines[0]?.values ?? [];
  const at = cursor ?? values.length - 1;
  const text = (index: number) => {
    const value = values[index];
    return value === null || value === undefined ? noValue : formatNumber(value);
  };
  const placeText = (index: number) => `${view.x.name} ${xFormats[view.x.kind](places[index] ?? 0)}`;
  const tip = (index: number): Tip => ({
    title: placeText(index),
    rows: [{ label: series.name, token: lines[0]?.token ?? '--accuracy', text: text(index) }],
    notes: [
      ...(view.x.key === 'step' ? [] : [`step ${formatCount(series.step[index] ?? 0)}`]),
      ...(series.at[index] === undefined ? [] : [formatMomentToSecond(series.at[index])]),
    ],
  });
  return (
    <div data-points={series.step.length} data-total={series.total} data-sampled={series.sampled}>
      {series.step.length === 0 ? (
        <div className="flex h-80 items-center justify-center">
          <EmptyState
            title={given.step.length > 0 ? 'No value has a place on this axis' : 'Nothing was reported in this part'}
          />
        </div>
      ) : view.isTable ? (
        <SeriesTable series={series} />
      ) : (
        <div className="h-[clamp(280px,50vh,560px)]">
          <LineChart
            label={series.name}
            xName={view.x.name}
            lines={lines}
            prepared={prepared}
            zoom={view.zoom}
            onZoom={onZoom}
            onCursor={setCursor}
            describe={(index) => `${placeText(index)}: ${text(index)}`}
            tip={tip}
            marks={marks}
            xKind={view.x.kind}
            yMode={view.yMode}
          />
        </div>
      )}
      <div className="mt-3 flex flex-wrap justify-between gap-x-6 gap-y-1 text-xs text-soft">
        <p className="flex items-center gap-2">
          <span aria-hidden className="size-2.5 rounded-xs" style={{ background: `var(${lines[0]?.token})` }} />
          <bdi>{series.name}</bdi>
          <span className="font-medium text-text">{text(at)}</span>
          {places[at] !== undefined && <span className="text-muted">at {placeText(at)}</span>}
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
