import type { RunDispersion } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { mergeDispersion } from './useDispersion.ts';

const of = (rounds: readonly number[], n: number, measures: string[] = []): RunDispersion =>
  ({
    run_id: 'run-1',
    measure: 'train_loss',
    worst: 'greatest',
    measures,
    items: rounds.map((round) => ({ round, status: 'complete', dispersion: { n }, num_unnamed: 0 })),
  }) as unknown as RunDispersion;

it('newer rounds replace and follow those that were known', () => {
  const merged = mergeDispersion(of([1, 2, 3], 10, ['b']), of([3, 4], 11, ['a']));
  expect(merged.items.map(({ round, dispersion }) => [round, dispersion?.n])).toEqual([
    [1, 10],
    [2, 10],
    [3, 11],
    [4, 11],
  ]);
  expect(merged.measures).toEqual(['a', 'b']);
});
