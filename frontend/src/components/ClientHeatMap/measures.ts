import type { MatrixMeasure } from '@rondo/protocol';
import { formatBytes, formatDuration, formatNumber } from '../../lib/format.ts';

export interface HeatMeasure {
  /** In the address. */
  readonly key: string;
  readonly label: string;
  readonly matrix: MatrixMeasure;
  /** Each value less the median of its round. */
  readonly isOverMedian?: boolean;
  readonly isLowBad?: boolean;
  readonly format: (value: number) => string;
}

export const outcomeMeasure: HeatMeasure = { key: 'outcome', label: 'Outcome', matrix: 'outcome', format: String };

export const heatMeasures: readonly HeatMeasure[] = [
  outcomeMeasure,
  { key: 'loss', label: 'Loss', matrix: 'train_loss', format: formatNumber },
  {
    key: 'loss-over-median',
    label: 'Loss over the median',
    matrix: 'train_loss',
    isOverMedian: true,
    format: (value) => (value > 0 ? `+${formatNumber(value)}` : formatNumber(value)),
  },
  { key: 'duration', label: 'Time', matrix: 'duration_ms', format: formatDuration },
  { key: 'norm', label: 'Update norm', matrix: 'update_norm', format: formatNumber },
  { key: 'cosine', label: 'Cosine to the mean', matrix: 'cosine_to_mean', isLowBad: true, format: formatNumber },
  { key: 'bytes-up', label: 'Bytes up', matrix: 'bytes_up', format: formatBytes },
  { key: 'bytes-down', label: 'Bytes down', matrix: 'bytes_down', format: formatBytes },
];

export const measureByKey = (key: string | null): HeatMeasure =>
  heatMeasures.find((measure) => measure.key === key) ?? outcomeMeasure;
