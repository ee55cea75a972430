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

/** The shade of a value; `null` is a missing cell. */
export function shadeOf(value: number | null, scale: ShadeScale): number {
  if (value === null) return shades.missing;
  return shadesOf(Float64Array.of(value), scale)[0] as number;
}

interface Missing {
  /** The same memory as the values, as words. */
  readonly words: Uint32Array;
  /** The word that stands for no value. */
  readonly word: number;
}

/**
 * Gives each value its shade; values outside the scale take its nearest end. One loop without calls, because a matrix may
 * have five million cells.
 */
export function shadesOf(
  values: Float32Array | Float64Array,
  { min, max, isLowBad = false }: ShadeScale,
  missing: Missing | null = null,
): Uint8Array {
  // Halves keep the difference finite for every pair of finite bounds.
  const width = max / 2 - min / 2;
  const range = shades.greatest - shades.least;
  const least = min / 2;
  // A half for rounding: storing a byte cuts the fraction off.
  const start = shades.least + 0.5;
  const [words, word] = [missing?.words ?? null, missing?.word ?? 0];
  const all = new Uint8Array(values.length);
  for (let at = 0; at < all.length; at++) {
    if (words !== null && words[at] === word) continue;
    const value = values[at] as number;
    // NaN and infinities are the numbers that have no zero.
    if (value - value !== 0) {
      all[at] = shades.notFinite;
      continue;
    }
    let place = width > 0 ? ((value / 2 - least) / width) * range : range / 2;
    if (place < 0) place = 0;
    else if (place > range) place = range;
    all[at] = start + (isLowBad ? range - place : place);
  }
  return all;
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
