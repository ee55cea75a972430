import type { ClientUpdate } from '@rondo/protocol';
import { toCsv } from '../../lib/csv.ts';
import { numberOf } from '../../lib/values.ts';

/** Every name that any client reported, in order. */
export const metricNamesOf = (updates: readonly ClientUpdate[]): readonly string[] =>
  [...new Set(updates.flatMap(({ metrics }) => Object.keys(metrics)))].sort();

/** All that is known of every client's part, under the names that it has on the wire. */
export function updatesCsv(updates: readonly ClientUpdate[]): string {
  const names = metricNamesOf(updates);
  return toCsv(
    [
      'client_id',
      'outcome',
      'sample_count',
      'train_loss',
      'duration_ms',
      'bytes_up',
      'bytes_down',
      'update_norm',
      'cosine_to_mean',
      'submitted_at',
      'error',
      ...names.map((name) => `metrics.${name}`),
    ],
    updates.map((update) => [
      update.client_id,
      update.outcome,
      update.sample_count,
      numberOf(update.train_loss),
      update.duration_ms,
      update.bytes_up,
      update.bytes_down,
      numberOf(update.update_norm),
      numberOf(update.cosine_to_mean),
      update.submitted_at,
      update.error,
      // A metric may have the name of what every object has. [V7]
      ...names.map((name) => numberOf(Object.hasOwn(update.metrics, name) ? update.metrics[name] : null)),
    ]),
  );
}
