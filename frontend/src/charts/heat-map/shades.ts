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

/** Gives each value its shade; values outside the scale take its nearest end. */
export function shadesOf(
  values: Float32Array | Float64Array,
  { min, max, isLowBad = false }: ShadeScale,
  missing: Missing | null = null,
): Uint8Array {
  // Halves keep the difference finite for every pair of finite bounds.
  const factor = (shades.greatest - shades.least) / (max / 2 - min / 2);
  const ramp: Ramp = {
    least: min / 2,
    // Too narrow a scale has no factor; then every value is in its middle.
    factor: Number.isFinite(factor) ? factor : 0,
    add: Number.isFinite(factor) ? 0 : (shades.greatest - shades.least) / 2,
    // A half for rounding: cutting to whole numbers takes the fraction off.
    start: (isLowBad ? shades.greatest : shades.least) + 0.5,
    sign: isLowBad ? -1 : 1,
  };
  const { words, word } = missing ?? { words: noWords, word: 0 };
  const all = new Uint8Array(values.length);
  // In pieces: a matrix may have five million cells, and a short loop that is called often is compiled sooner.
  for (let from = 0; from < all.length; from += piece)
    shadeRange(all, values, words, word, ramp, from, Math.min(all.length, from + piece));
  return all;
}

const piece = 4_096;
const noWords = new Uint32Array(0);

interface Ramp {
  readonly least: number;
  readonly factor: number;
  readonly add: number;
  readonly start: number;
  readonly sign: number;
}

function shadeRange(
  all: Uint8Array,
  values: Float32Array | Float64Array,
  words: Uint32Array,
  word: number,
  { least, factor, add, start, sign }: Ramp,
  from: number,
  to: number,
): void {
  const range = shades.greatest - shades.least;
  for (let at = from; at < to; at++) {
    if (words[at] === word) continue;
    const value = values[at] as number;
    // NaN and infinities are the numbers that have no zero.
    if (value - value !== 0) {
      all[at] = shades.notFinite;
      continue;
    }
    let place = (value / 2 - least) * factor + add;
    if (place < 0) place = 0;
    else if (place > range) place = range;
    all[at] = (start + sign * place) | 0;
  }
}

/**
 * A scale that one extreme client cannot flatten: from the 2nd to the 98th percentile of the finite values.
 *
 * @param values sampled evenly when there are more than `sampleSize` of them
 */
export function scaleOf(values: ArrayLike<number>, isLowBad = false, sampleSize = 20_000): ShadeScale {
  const stride = Math.max(1, Math.floor(values.length / sampleSize));
  const read = new Float64Array(Math.ceil(values.length / stride));
  let count = 0;
  for (let index = 0; index < values.length; index += stride) {
    const value = values[index] as number;
    if (Number.isFinite(value)) read[count++] = value;
  }
  const sample = read.subarray(0, count).sort();
  const at = (share: number) => sample[Math.round(share * (sample.length - 1))] ?? 0;
  return { min: at(0.02), max: at(0.98), isLowBad };
}
