/**
 * One byte a cell, ordered so that the greater of two is the one that needs a look.
 *
 *   0 missing · 1 … 253 the value, from good to bad · 255 NaN or infinite
 */
export const shades = { missing: 0, least: 1, greatest: 253, notFinite: 255 } as const;

export interface ShadeScale {
  readonly min: number;
  readonly max: number;
  /** True where a low value is the bad one, such as a cosine. */
  readonly isLowBad?: boolean;
}

/** The shade of a value; values outside the scale take its nearest end. `null` is a missing cell. */
export function shadeOf(value: number | null, { min, max, isLowBad = false }: ShadeScale): number {
  if (value === null) return shades.missing;
  if (!Number.isFinite(value)) return shades.notFinite;
  // Halves keep the difference finite for every pair of finite bounds.
  const width = max / 2 - min / 2;
  const share = width > 0 ? Math.min(1, Math.max(0, (value / 2 - min / 2) / width)) : 0.5;
  const badness = isLowBad ? 1 - share : share;
  return shades.least + Math.round(badness * (shades.greatest - shades.least));
}

/**
 * A scale that one extreme client cannot flatten: from the 2nd to the 98th percentile of the finite values.
 *
 * @param values sampled evenly when there are more than `sampleSize` of them
 */
export function scaleOf(values: ArrayLike<number>, isLowBad = false, sampleSize = 20_000): ShadeScale {
  const stride = Math.max(1, Math.floor(values.length / sampleSize));
  const sample: number[] = [];
  for (let index = 0; index < values.length; index += stride) {
    const value = values[index] as number;
    if (Number.isFinite(value)) sample.push(value);
  }
  sample.sort((a, b) => a - b);
  const at = (share: number) => sample[Math.round(share * (sample.length - 1))] ?? 0;
  return { min: at(0.02), max: at(0.98), isLowBad };
}
