/**
 * What the canvas draws instead of a value, so that every finite double has a place and a label.
 *
 * uPlot subtracts the ends of an axis, which overflows for ±1e308, and labels no number of more than 17 digits. Values far
 * from one are therefore drawn as multiples of a power of ten, and values on a logarithmic axis as their logarithms.
 */
export interface DrawnScale {
  readonly isLog: boolean;
  /** Values are drawn divided by 10 to this power. Zero on a logarithmic axis. */
  readonly exponent: number;
}

export const plainScale: DrawnScale = { isLog: false, exponent: 0 };

/** Between these sizes, values are drawn as they are. */
const largest = 1e12;
const smallest = 1e-12;

/** The scale for values of at most this size. */
export function scaleForSize(size: number, isLog: boolean): DrawnScale {
  if (isLog) return { isLog, exponent: 0 };
  const isPlain = size === 0 || (size < largest && size > smallest);
  return { isLog, exponent: isPlain ? 0 : Number(size.toExponential().split('e')[1]) };
}

export const toDrawn = (value: number, { isLog, exponent }: DrawnScale): number =>
  isLog ? Math.log10(value) : shift(value, -exponent);

/** The value at a place of the axis; the ends of the axis may be past the largest double. */
export function fromDrawn(drawn: number, { isLog, exponent }: DrawnScale): number {
  const value = isLog ? 10 ** drawn : shift(drawn, exponent);
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

/** Times a power of ten; 10 ** 324 is no double, so the exponents are added in decimal. */
function shift(value: number, exponent: number): number {
  if (exponent === 0 || value === 0) return value;
  const [mantissa, own] = value.toExponential().split('e');
  return Number(`${mantissa}e${Number(own) + exponent}`);
}
