import { toCsv } from '../../lib/csv.ts';
import { numberOf } from '../../lib/values.ts';
import type { Overview } from './overview.ts';

/** What the chart shows, every round in full. */
export function historyCsv({ history, spread, x }: Overview): string {
  return toCsv(
    ['round', 'x', 'loss', 'accuracy', 'clients', 'clients_q1', 'clients_median', 'clients_q3', 'clients_worst_tenth'],
    history.map(({ round, loss, accuracy }, at) => {
      const figures = spread[at] ?? null;
      return [
        round,
        x[at] ?? null,
        numberOf(loss),
        numberOf(accuracy),
        figures?.n ?? null,
        figures?.q1 ?? null,
        figures?.median ?? null,
        figures?.q3 ?? null,
        figures?.worst_tenth_mean ?? null,
      ];
    }),
  );
}
