import type { Run, Series } from '@rondo/protocol';
import { toCsv } from '../../lib/csv.ts';
import { numberOf } from '../../lib/values.ts';

/** Every value of the runs as the server returned it, one a row. */
export function comparedCsv(
  runs: readonly Pick<Run, 'run_id' | 'name'>[],
  series: ReadonlyMap<string, Series> | undefined,
  metric: string,
): string {
  return toCsv(
    ['run_id', 'run', 'metric', 'step', 'x', 'value', 'at'],
    runs.flatMap(({ run_id, name }) => {
      const of = series?.get(run_id);
      if (of === undefined) return [];
      return of.step.map((step, at) => [
        run_id,
        name,
        metric,
        step,
        of.x?.[at] ?? step,
        numberOf(of.value[at]),
        of.at[at] ?? null,
      ]);
    }),
  );
}
