import type { Range } from './types.ts';

/** Every axis has as many parts, so that the grid lines of one are the ticks of the other. */
const parts = 4;

/** A curve that uses less than this share of a full axis gets an axis of its own size. */
const flatShare = 0.15;

const steps = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10] as const;

/** What an axis spans for values from `from` to `to`: the full span (from zero, or `span`) unless that would be flat. */
export function axisRange(from: number | null, to: number | null, span?: readonly [number, number]): Range {
  if (from === null || to === null) return { min: span?.[0] ?? 0, max: span?.[1] ?? 1 };
  const fits = span !== undefined && from >= span[0] && to <= span[1];
  const full = fits ? { min: span[0], max: span[1] } : { min: Math.min(0, from), max: Math.max(0, to) };
  const isFlat = from !== to && to - from < flatShare * (full.max - full.min);
  if (isFlat) return niceRange(from, to);
  return fits ? full : niceRange(full.min, full.max);
}

/** The smallest range of `parts` round steps that holds both. */
function niceRange(from: number, to: number): Range {
  const extent = to - from || Math.abs(to) || 1;
  for (let magnitude = 10 ** Math.floor(Math.log10(extent / parts)); ; magnitude *= 10) {
    for (const factor of steps) {
      const step = factor * magnitude;
      const min = Math.floor(from / step + 1e-9) * step;
      // Steps are sums of tenths; without a tolerance 2.0 would not fit below 2.0000000000000004.
      if (min + parts * step >= to - step * 1e-9) return { min, max: min + parts * step };
    }
  }
}

export const axisSplits = ({ min, max }: Range): number[] =>
  Array.from({ length: parts + 1 }, (_, index) => min + ((max - min) * index) / parts);
