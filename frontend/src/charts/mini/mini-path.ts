import type { Range } from '../types.ts';

interface MiniInput {
  /** Rising. */
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  readonly range: Range;
  readonly width: number;
  readonly height: number;
  readonly isLog: boolean;
}

export interface MiniPath {
  /** Lines between gaps, as places in pixels. */
  readonly segments: readonly (readonly (readonly [number, number])[])[];
  /** Of the values in sight; null where there are none. */
  readonly least: number | null;
  readonly greatest: number | null;
}

/** A line scaled to the part of it that is in sight. */
export function miniPath({ x, y, range, width, height, isLog }: MiniInput): MiniPath {
  const place = isLog ? Math.log10 : (value: number) => value;
  const isDrawn = (value: number | null | undefined): value is number =>
    value !== null && value !== undefined && Number.isFinite(value) && (!isLog || value > 0);
  let least: number | null = null;
  let greatest: number | null = null;
  for (let at = 0; at < x.length; at++) {
    const value = y[at];
    const here = x[at] as number;
    if (here < range.min || here > range.max || !isDrawn(value)) continue;
    if (least === null || value < least) least = value;
    if (greatest === null || value > greatest) greatest = value;
  }
  if (least === null || greatest === null) return { segments: [], least, greatest };
  // Halves keep the difference finite for every pair of doubles.
  const [low, half] = [place(least), place(greatest) / 2 - place(least) / 2];
  const segments: [number, number][][] = [];
  let open: [number, number][] | null = null;
  for (let at = 0; at < x.length; at++) {
    const value = y[at];
    const here = x[at] as number;
    // One value past each end, so that the line leaves the chart.
    const isNear = (x[at + 1] ?? here) >= range.min && (x[at - 1] ?? here) <= range.max;
    if (!isNear || !isDrawn(value)) {
      open = null;
      continue;
    }
    if (open === null) {
      open = [];
      segments.push(open);
    }
    const share = half === 0 ? 0.5 : (place(value) / 2 - low / 2) / half;
    open.push([((here - range.min) / (range.max - range.min || 1)) * width, height - share * height]);
  }
  return { segments, least, greatest };
}

/** The index of the place on x that is nearest to a value. */
export function nearestIndex(x: readonly number[], value: number): number | null {
  if (x.length === 0) return null;
  let [low, high] = [0, x.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  const before = x[low - 1];
  return before !== undefined && value - before < (x[low] as number) - value ? low - 1 : low;
}
