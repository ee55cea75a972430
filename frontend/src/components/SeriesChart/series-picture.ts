import type { Series } from '@rondo/protocol';
import type { ChartPicture } from '../../charts/export/chart-svg.ts';
import { prepare } from '../../charts/prepare.ts';
import type { ChartMark } from '../../charts/types.ts';
import { formatNumber } from '../../lib/format.ts';
import { placedSeries, placesOf } from '../../lib/placed-series.ts';
import type { ChartView } from '../ui/chart-view.ts';
import { lineOf } from './series-line.ts';

export function marksOf(series: Series): readonly ChartMark[] {
  const places = placesOf(series);
  return series.value.flatMap((value, at): ChartMark[] =>
    value !== null && !Number.isFinite(Number(value))
      ? [{ x: places[at] as number, kind: 'not_finite', text: `the value is ${formatNumber(Number(value))}` }]
      : [],
  );
}

export function preparedOf(series: Series, { smoothing, yMode }: ChartView) {
  const lines = [lineOf(series)];
  const prepared = prepare({ x: placesOf(series), lines, smoothing, isLog: yMode === 'log', xEnd: null });
  return { lines, prepared };
}

export function pictureOf(given: Series, view: ChartView): ChartPicture {
  const series = placedSeries(given);
  const { lines, prepared } = preparedOf(series, view);
  return {
    title: series.client_id === null ? series.name : `${series.name} of ${series.client_id}`,
    subtitle: `${series.run_id}${view.smoothing > 0 ? ` · smoothed ${view.smoothing}` : ''}`,
    xName: view.x.name,
    lines,
    prepared,
    range: view.zoom ?? prepared.domain,
    bands: [],
    marks: marksOf(series),
    xKind: view.x.kind,
    yMode: view.yMode,
  };
}
