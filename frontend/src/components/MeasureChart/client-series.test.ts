import { type ClientUpdate, clientUpdateSchema, type RunDispersion } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { besideMedian, clientSeries, measuresOf } from './client-series.ts';

const makeUpdate = (round: number, given: Partial<Record<keyof ClientUpdate, unknown>> = {}): ClientUpdate =>
  clientUpdateSchema.parse({
    round_id: round,
    round,
    run_id: 'run-1',
    client_id: 'c1',
    attempt: 1,
    outcome: 'complete',
    sample_count: null,
    train_loss: null,
    metrics: {},
    duration_ms: null,
    bytes_up: null,
    bytes_down: null,
    update_norm: null,
    cosine_to_mean: null,
    cosine_to_previous: null,
    error: null,
    submitted_at: null,
    ...given,
  });

const figures = (median: number) => ({ median, q1: median / 2, q3: median * 2 });
const dispersion = {
  run_id: 'run-1',
  measure: 'update_norm',
  items: [
    { round: 1, dispersion: figures(0.5) },
    { round: 3, dispersion: figures(0.25) },
  ],
} as unknown as RunDispersion;

const updates = [
  makeUpdate(3, { update_norm: 625 }),
  makeUpdate(2, { update_norm: 'NaN' }),
  makeUpdate(1, { update_norm: 1 }),
];

it('has the federation beside the client at the rounds that both have', () => {
  const { rounds, lines, bands, marks } = clientSeries(updates, 'update_norm', dispersion);
  expect(rounds).toEqual([1, 2, 3]);
  expect(lines.map(({ key, values }) => [key, values])).toEqual([
    ['client', [1, Number.NaN, 625]],
    ['median', [0.5, null, 0.25]],
    ['q1', [0.25, null, 0.125]],
    ['q3', [1, null, 0.5]],
  ]);
  expect(bands).toHaveLength(1);
  expect(marks).toEqual([{ x: 2, kind: 'not_finite', text: 'update norm is NaN' }]);
});

it('says how far the newest value is from the median', () => {
  expect(besideMedian(clientSeries(updates, 'update_norm', dispersion))).toBe(2_500);
  expect(besideMedian(clientSeries(updates, 'update_norm', null))).toBeNull();
  expect(besideMedian(clientSeries([], 'update_norm', dispersion))).toBeNull();
});

it('shows the measures that the client reported', () => {
  expect(measuresOf(updates)).toEqual(['update_norm']);
});
