import type { Range } from './types.ts';

/** Every axis has as many parts, so that the grid lines of one are the ticks of the other. */
const parts = 4;

/** A curve that uses less than this share of a full axis gets an axis of its own size. */
const flatShare = 0.15;

const steps = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10] as const;

/** Decades that are tried before an axis gives up on round steps. Two are enough unless the values differ by rounding only. */
const maxDecades = 4;

/** What an axis spans for values from `from` to `to`: the full span (from zero, or `span`) unless that would be flat. */
export function axisRange(
  from: number | null,
  to: number | null,
  span?: readonly [number, number],
  mode: 'auto' | 'zero' | 'fit' = 'auto',
): Range {
  if (from === null || to === null) return { min: span?.[0] ?? 0, max: span?.[1] ?? 1 };
  if (mode === 'fit') return niceRange(from, to);
  if (mode === 'zero') return niceRange(Math.min(0, from), Math.max(0, to));
  const fits = span !== undefined && from >= span[0] && to <= span[1];
  const full = fits ? { min: span[0], max: span[1] } : { min: Math.min(0, from), max: Math.max(0, to) };
  const isFlat = from !== to && to - from < flatShare * (full.max - full.min);
  if (isFlat) return niceRange(from, to);
  return fits ? full : niceRange(full.min, full.max);
}

/** The smallest range of `parts` round steps that holds both. */
function niceRange(from: number, to: number): Range {
  const extent = to - from || Math.abs(to) || 1;
  let magnitude = 10 ** Math.floor(Math.log10(extent / parts));
  for (let decade = 0; decade < maxDecades; decade++, magnitude *= 10) {
    for (const factor of steps) {
      const step = factor * magnitude;
      const min = Math.floor(from / step + 1e-9) * step;
      const max = min + parts * step;
      // Steps are sums of tenths; without a tolerance 2.0 would not fit below 2.0000000000000004.
      if (max > min && min <= from && max >= to - step * 1e-9) return { min, max };
    }
  }
  return aroundRange(from, to);
}

/** A range without round ends, for values that differ in their last digits only. */
function aroundRange(from: number, to: number): Range {
  const room = Math.max(to - from, Math.abs(from) * 1e-12, Math.abs(to) * 1e-12, Number.MIN_VALUE);
  return { min: from - room, max: to + room };
}

/** The ends of the axis and what divides it evenly. The two products cannot overflow where a difference could. */
export const axisSplits = ({ min, max }: Range): number[] =>
  Array.from({ length: parts + 1 }, (_, index) => min * (1 - index / parts) + max * (index / parts));

/** Of a logarithmic axis, in powers of ten: whole powers where at least two are in sight, else even parts. */
export function logSplits({ min, max }: Range): number[] {
  const first = Math.ceil(min);
  const last = Math.floor(max);
  if (last - first < 1) return axisSplits({ min, max });
  return evenly(first, last, Math.max(1, Math.ceil((last - first) / 6)));
}

/** Whole numbers for the labels of x, at most `count` of them, a round step apart. */
export function wholeSplits({ min, max }: Range, count: number): number[] {
  const least = Math.max(1, (max - min) / Math.max(1, count));
  const magnitude = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((each) => each >= least) ?? 10 * magnitude;
  return evenly(Math.ceil(min / step) * step, max, step, count);
}

const secondMs = 1_000;
const timeSteps = [1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * secondMs,
);

/** Lengths of time that a clock has, at most `count` of them. */
export function timeSplits({ min, max }: Range, count: number): number[] {
  const least = (max - min) / Math.max(1, count);
  const step = timeSteps.find((each) => each >= least);
  if (step === undefined || least < secondMs / 10) return wholeSplits({ min, max }, count);
  return evenly(Math.ceil(min / step) * step, max, step, count);
}

/** The number of values is counted before the first is added: above 2^53 adding one changes nothing. */
function evenly(from: number, to: number, step: number, count = 12): number[] {
  const length = Math.min(count, Math.floor((to - from) / step)) + 1;
  return Array.from({ length: Math.max(0, length) }, (_, index) => from + index * step).filter(
    (value, index, all) => value <= to && value !== all[index - 1],
  );
}
