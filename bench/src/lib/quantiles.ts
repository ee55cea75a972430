/** Nearest rank; NaN when there is nothing. */
export function quantiles<const Q extends readonly number[]>(
  samples: Iterable<number>,
  wanted: Q,
): { [I in keyof Q]: number } {
  const sorted = Float64Array.from(samples).sort();
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
  return wanted.map((q) => at(q) ?? Number.NaN) as { [I in keyof Q]: number };
}
