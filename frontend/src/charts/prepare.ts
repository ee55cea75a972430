import type { AlignedData } from 'uplot';
import { type DrawnScale, plainScale, scaleForSize, toDrawn } from './drawn.ts';
import { smooth } from './smooth.ts';
import type { Line, Range } from './types.ts';

export interface PrepareInput {
  readonly x: readonly number[];
  readonly lines: readonly Line[];
  /** In [0, 1): 0 draws the values as they are. */
  readonly smoothing: number;
  /** Draw the left axis on a logarithmic scale. */
  readonly isLog: boolean;
  /** Where x should end when the end is known before it is reached. */
  readonly xEnd: number | null;
}

/** A column of the data: a line as drawn, or its original behind a smoothed one. */
export interface Column {
  readonly line: number;
  readonly isOriginal: boolean;
}

export interface Prepared {
  /** x, then the columns as they are drawn: `scales` says what a number on an axis stands for. */
  readonly data: AlignedData;
  readonly scales: Readonly<Record<Line['axis'], DrawnScale>>;
  /** One for each column after x. */
  readonly columns: readonly Column[];
  readonly domain: Range;
  /** Positions on x at which anything is drawn. */
  readonly points: number;
  /** Values that a logarithmic axis cannot show. */
  readonly hiddenByLog: number;
  /** NaN and infinities: gaps, never zero. */
  readonly nonFinite: number;
}

export function prepare({ x, lines, smoothing, isLog, xEnd }: PrepareInput): Prepared {
  const columns: Column[] = [];
  const values: (number | null)[][] = [];
  let hiddenByLog = 0;
  let nonFinite = 0;

  lines.forEach((line, index) => {
    const isMain = isMainLine(line);
    const drawable = line.values.map((value) => {
      if (value === null) return null;
      if (!Number.isFinite(value)) {
        if (isMain) nonFinite++;
        return null;
      }
      if (isLog && line.axis === 'left' && value <= 0) {
        if (isMain) hiddenByLog++;
        return null;
      }
      return value;
    });
    if (smoothing > 0 && isMain) {
      columns.push({ line: index, isOriginal: true });
      values.push(drawable);
    }
    columns.push({ line: index, isOriginal: false });
    values.push(smoothing > 0 ? smooth(drawable, smoothing) : drawable);
  });

  const scales = { left: plainScale, right: plainScale };
  for (const axis of ['left', 'right'] as const) {
    const own = columns.flatMap(({ line }, index) => (lines[line]?.axis === axis ? [values[index] ?? []] : []));
    scales[axis] = scaleForSize(largestOf(own), isLog && axis === 'left');
  }
  const drawn = values.map((column, index) => {
    const scale = scales[lines[columns[index]?.line ?? 0]?.axis ?? 'left'];
    if (!scale.isLog && scale.exponent === 0) return column;
    return column.map((value) => (value === null ? null : toDrawn(value, scale)));
  });
  const main = values.filter((_, index) => isMainLine(lines[columns[index]?.line ?? 0]));
  const points = x.filter((_, at) => main.some((column) => column[at] !== null)).length;
  return { data: [[...x], ...drawn], scales, columns, domain: domainOf(x, xEnd), points, hiddenByLog, nonFinite };
}

export const isMainLine = (line: Line | undefined): boolean => line?.look === undefined || line.look === 'line';

function largestOf(columns: readonly (readonly (number | null)[])[]): number {
  let largest = 0;
  for (const column of columns) for (const value of column) largest = Math.max(largest, Math.abs(value ?? 0));
  return largest;
}

function domainOf(x: readonly number[], xEnd: number | null): Range {
  const first = x[0] ?? 0;
  const last = x.at(-1) ?? first;
  const min = Math.min(first, xEnd === null ? first : Math.min(first, 1));
  const max = Math.max(last, xEnd ?? last);
  // One point has no extent; a little room on both sides keeps it in sight.
  if (max > min) return { min, max };
  // Above 2^53 a difference of one is none.
  const room = Math.max(1, Math.abs(min) * 1e-9);
  return { min: min - room, max: max + room };
}

/** Halves what is seen, keeping its end: the newest is what one looks at. */
export const zoomIn = ({ min, max }: Range): Range => ({ min: max - Math.max(2, (max - min) / 2), max });

/** Indices to mark with a dot: the newest value, and values between two gaps, which no line would show. */
export function dotIndices(values: ArrayLike<number | null | undefined>): number[] {
  const has = (at: number) => values[at] !== null && values[at] !== undefined;
  const indices: number[] = [];
  let last = -1;
  for (let at = 0; at < values.length; at++) {
    if (!has(at)) continue;
    last = at;
    if (!has(at - 1) && !has(at + 1)) indices.push(at);
  }
  if (last >= 0 && indices.at(-1) !== last) indices.push(last);
  return indices;
}
