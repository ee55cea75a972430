import type { ClientUpdate, RunDispersion } from '@rondo/protocol';
import type { Band, ChartMark, Line } from '../../charts/types.ts';
import {
  formatBytes,
  formatClock,
  formatDuration,
  formatNumber,
  formatShortCount,
  formatTick,
} from '../../lib/format.ts';
import { numberOf } from '../../lib/values.ts';

export const shownMeasures = [
  'train_loss',
  'update_norm',
  'cosine_to_mean',
  'duration_ms',
  'bytes_up',
  'sample_count',
] as const;
export type ShownMeasure = (typeof shownMeasures)[number];

export const measureLooks: Readonly<
  Record<ShownMeasure, { label: string; format: (value: number) => string; formatTick: (value: number) => string }>
> = {
  train_loss: { label: 'Training loss', format: formatNumber, formatTick },
  update_norm: { label: 'Update norm', format: formatNumber, formatTick },
  cosine_to_mean: { label: 'Cosine to the mean update', format: formatNumber, formatTick },
  duration_ms: {
    label: 'Time',
    format: formatDuration,
    formatTick: (ms) => (ms === 0 ? '0' : ms < 10_000 ? formatDuration(ms) : formatClock(ms)),
  },
  bytes_up: { label: 'Bytes sent', format: formatBytes, formatTick: formatBytes },
  sample_count: { label: 'Samples', format: formatShortCount, formatTick: formatShortCount },
};

export interface ClientSeries {
  readonly rounds: readonly number[];
  readonly lines: readonly Line[];
  readonly bands: readonly Band[];
  readonly marks: readonly ChartMark[];
}

/** One measure of a client by round, with the median and the middle half of the federation beside it. */
export function clientSeries(
  updates: readonly ClientUpdate[],
  measure: ShownMeasure,
  dispersion: RunDispersion | null,
): ClientSeries {
  const oldestFirst = [...updates].sort((a, b) => a.round - b.round);
  const rounds = oldestFirst.map(({ round }) => round as number);
  const values = oldestFirst.map((update) => numberOf(update[measure]));
  const spreads = new Map((dispersion?.items ?? []).map((item) => [item.round as number, item.dispersion]));
  const look = measureLooks[measure];
  const own: Line = { ...look, key: 'client', label: 'this client', token: '--accent', axis: 'left', values };
  const beside = (key: 'median' | 'q1' | 'q3'): Line => ({
    ...own,
    key,
    label: key === 'median' ? 'median of all clients' : key,
    token: '--muted',
    look: key === 'median' ? 'thin' : 'edge',
    values: rounds.map((round) => spreads.get(round)?.[key] ?? null),
  });
  const hasSpread = rounds.some((round) => spreads.get(round) != null);
  return {
    rounds,
    lines: [own, ...(hasSpread ? [beside('median'), beside('q1'), beside('q3')] : [])],
    bands: hasSpread ? [{ upper: 'q3', lower: 'q1', token: '--muted' }] : [],
    marks: oldestFirst.flatMap(({ round }, at): ChartMark[] => {
      const value = values[at] ?? null;
      return value === null || Number.isFinite(value)
        ? []
        : [{ x: round, kind: 'not_finite', text: `${look.label.toLowerCase()} is ${formatNumber(value)}` }];
    }),
  };
}

/** Measures that this client reported at least once. */
export const measuresOf = (updates: readonly ClientUpdate[]): readonly ShownMeasure[] =>
  shownMeasures.filter((measure) => updates.some((update) => update[measure] !== null));

/** How far the newest value is from the federation's: "2.1 × the median". Null where that says nothing. */
export function besideMedian({ lines }: ClientSeries): number | null {
  const [own, median] = [lines[0], lines.find(({ key }) => key === 'median')];
  if (own === undefined || median === undefined) return null;
  for (let at = own.values.length - 1; at >= 0; at--) {
    const [value, middle] = [own.values[at] ?? null, median.values[at] ?? null];
    if (value !== null && middle !== null && Number.isFinite(value))
      return middle > 0 && value >= 0 ? value / middle : null;
  }
  return null;
}
