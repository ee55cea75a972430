export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface Binned {
  readonly bins: readonly Bin[];
  /** NaN and infinities, which no bin holds. */
  readonly nonFinite: number;
  /** Values that were not reported. */
  readonly missing: number;
  readonly median: number | null;
  /** Edges are a constant factor apart, because the values span several powers of ten. */
  readonly isLog: boolean;
}

/** From this ratio of the greatest to the median on, equal bins would hold all but a few values in the first. */
const logFrom = 50;

/** Counts of the finite values in at most `most` bins. The bins hold every value, the last one includes its end. */
export function binValues(values: readonly (number | null)[], most: number): Binned {
  const finite: number[] = [];
  let nonFinite = 0;
  let missing = 0;
  for (const value of values) {
    if (value === null) missing++;
    else if (Number.isFinite(value)) finite.push(value);
    else nonFinite++;
  }
  finite.sort((a, b) => a - b);
  const rest = { nonFinite, missing, median: medianOf(finite) };
  const [least, greatest] = [finite[0], finite.at(-1)];
  if (least === undefined || greatest === undefined) return { bins: [], isLog: false, ...rest };
  if (least === greatest) return { bins: [{ from: least, to: greatest, count: finite.length }], isLog: false, ...rest };
  const isLog = least > 0 && greatest / (rest.median as number) >= logFrom;
  const place = isLog ? Math.log : (value: number) => value;
  const back = isLog ? Math.exp : (value: number) => value;
  const [start, end] = [place(least), place(greatest)];
  // About twice as many as Sturges' rule asks for; on a log axis as many as there is room for.
  const count = isLog ? most : Math.max(2, Math.min(most, Math.ceil(Math.log2(finite.length)) * 2 + 1));
  // Halves cannot overflow where the difference of two doubles could.
  const edge = (at: number) => (at === count ? greatest : back(start * (1 - at / count) + end * (at / count)));
  const counts = new Array<number>(count).fill(0);
  for (const value of finite) {
    const share = (place(value) / 2 - start / 2) / (end / 2 - start / 2);
    const at = Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    counts[at] = (counts[at] as number) + 1;
  }
  const bins = counts.map((each, at) => ({ from: at === 0 ? least : edge(at), to: edge(at + 1), count: each }));
  return { bins, isLog, ...rest };
}

export function medianOf(sorted: readonly number[]): number | null {
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 ? upper : (sorted[middle - 1] as number) / 2 + upper / 2;
}
