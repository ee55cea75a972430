import type { Series } from '@rondo/protocol';
import type { Band, ChartMark, Line } from '../../charts/types.ts';
import { formatNumber, formatPercent, formatPercentTick, formatTick } from '../../lib/format.ts';
import { placedSeries, placesOf } from '../../lib/placed-series.ts';
import { isShare, onSteps } from './compare.ts';

/** One line of a chart: a run, or the runs of a group. */
export interface ComparedGroup {
  readonly key: string;
  readonly name: string;
  readonly token: string;
  readonly run_ids: readonly string[];
}

export interface Compared {
  readonly x: readonly number[];
  readonly lines: readonly Line[];
  readonly bands: readonly Band[];
  readonly marks: readonly ChartMark[];
  /** The lines are drawn at fewer places than they have values. */
  readonly isThinned: boolean;
}

/** So many values are drawn in a few dozen milliseconds. */
const mostCells = 400_000;
/** Where the lines have more places together: about one for each pixel. */
const gridPlaces = 1_000;

/** The places that all lines share: those of every series or, where these are too many, evenly spaced ones. */
export function sharedPlaces(all: readonly Series[]): { readonly x: readonly number[]; readonly isThinned: boolean } {
  const most = Math.max(gridPlaces, Math.floor(mostCells / Math.max(1, all.length)));
  const x = unionOf(all.map(placesOf));
  if (x.length <= most) return { x, isThinned: false };
  const [from, to] = [x[0] as number, x.at(-1) as number];
  const grid = Array.from({ length: gridPlaces }, (_, at) => from + ((to - from) * at) / (gridPlaces - 1));
  return { x: grid, isThinned: true };
}

/** Every place that a line has, rising. Runs of one experiment have the same ones, and then nothing is sorted. */
function unionOf(all: readonly (readonly number[])[]): readonly number[] {
  const [first = []] = all;
  const isLikeFirst = (places: readonly number[]) =>
    places.length === first.length && places.every((place, at) => place === first[at]);
  if (all.every(isLikeFirst) && first.every((place, at) => at === 0 || place > (first[at - 1] as number))) return first;
  const places = new Set<number>();
  for (const each of all) for (const place of each) places.add(place);
  return [...places].sort((a, b) => a - b);
}

/** A line for each group: its run's values, or the mean of its runs within the band of their least and greatest. */
export function comparedLines(
  groups: readonly ComparedGroup[],
  given: ReadonlyMap<string, Series> | undefined,
  label: string,
  highlighted: string | null,
): Compared {
  const byRun = new Map([...(given ?? [])].map(([run_id, series]) => [run_id, placedSeries(series)]));
  const wanted = groups.flatMap(({ run_ids }) => run_ids.flatMap((run_id) => byRun.get(run_id) ?? []));
  const { x, isThinned } = sharedPlaces(wanted);
  const lines: Line[] = [];
  const bands: Band[] = [];
  for (const { key, name, token, run_ids } of groups) {
    const columns = run_ids.flatMap((run_id) => {
      const series = byRun.get(run_id);
      if (series === undefined || series.step.length === 0) return [];
      return [onSteps({ step: placesOf(series), value: series.value }, x)];
    });
    if (columns.length === 0) continue;
    const shown = highlighted === null || highlighted === key ? token : '--waiting';
    const line = lineOf(key, name, shown, label);
    const [only] = columns;
    if (columns.length === 1 && only) lines.push({ ...line, values: only });
    else {
      const { mean, least, greatest } = spreadOf(columns, x.length);
      const edge = { ...line, look: 'edge' as const };
      lines.push(
        { ...edge, key: `${key} least`, values: least },
        { ...edge, key: `${key} greatest`, values: greatest },
        { ...line, values: mean },
      );
      bands.push({ upper: `${key} greatest`, lower: `${key} least`, token: shown });
    }
  }
  // What is pointed at is drawn last, above the others.
  const order = (line: Line) => Number(line.key === highlighted);
  return { x, lines: lines.sort((a, b) => order(a) - order(b)), bands, marks: marksOf(wanted), isThinned };
}

function lineOf(key: string, name: string, token: string, label: string): Omit<Line, 'values'> {
  const format = isShare(label) ? (value: number) => formatPercent(value) : formatNumber;
  return { key, label: name, token, axis: 'left', format, formatTick: isShare(label) ? formatPercentTick : formatTick };
}

type Column = readonly (number | null)[];

function spreadOf(columns: readonly Column[], length: number) {
  const mean: (number | null)[] = [];
  const least: (number | null)[] = [];
  const greatest: (number | null)[] = [];
  for (let at = 0; at < length; at++) {
    let [sum, count, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const column of columns) {
      const value = column[at] ?? null;
      if (value === null || !Number.isFinite(value)) continue;
      sum += value;
      count++;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    mean.push(count === 0 ? null : sum / count);
    least.push(count === 0 ? null : low);
    greatest.push(count === 0 ? null : high);
  }
  return { mean, least, greatest };
}

/** NaN and infinities; many runs that diverge at one place are one mark. */
function marksOf(all: readonly Series[]): ChartMark[] {
  const found = new Map<number, number>();
  for (const series of all) {
    const places = placesOf(series);
    for (const [at, value] of series.value.entries()) {
      if (value === null || Number.isFinite(Number(value))) continue;
      found.set(places[at] as number, (found.get(places[at] as number) ?? 0) + 1);
    }
  }
  return [...found].map(([x, count]) => ({
    x,
    kind: 'not_finite',
    text: count === 1 ? 'one value is NaN or infinite' : `${count} values are NaN or infinite`,
  }));
}
