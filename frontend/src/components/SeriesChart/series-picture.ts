import type { Series } from '@rondo/protocol';
import type { ChartPicture } from '../../charts/export/chart-svg.ts';
import { prepare } from '../../charts/prepare.ts';
import type { ChartMark } from '../../charts/types.ts';
import { formatNumber } from '../../lib/format.ts';
import type { ChartView } from '../ui/chart-view.ts';
import { lineOf } from './series-line.ts';

/** A series at rising places of the axis; a value without a place is left out. */
export function placedSeries(series: Series): Series {
  const { x } = series;
  if (x === undefined) return series;
  const order = x
    .map((place, at) => ({ place, at }))
    .filter((each): each is { place: number; at: number } => each.place !== null)
    .sort((a, b) => a.place - b.place);
  const take = <T>(values: readonly T[]) => order.map(({ at }) => values[at] as T);
  return {
    ...series,
    step: take(series.step),
    value: take(series.value),
    at: take(series.at),
    x: order.map(({ place }) => place),
  };
}

export const placesOf = ({ step, x }: Series): readonly number[] => (x as readonly number[] | undefined) ?? step;

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
