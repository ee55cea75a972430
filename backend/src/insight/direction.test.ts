import { clientIdSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { makeNormal } from '../../testing/random.ts';
import { type Part, type StoredMeasure, storedMeasures, toColumns } from './columns.ts';
import { directionOf } from './direction.ts';

const nothing = Object.fromEntries(storedMeasures.map((name) => [name, null])) as Record<StoredMeasure, null>;
const columnsOf = (figures: readonly Partial<Record<StoredMeasure, number | null>>[]) =>
  toColumns(
    figures.map(
      (each, n) =>
        ({
          client_id: clientIdSchema.parse(`c${n}`),
          outcome: 'complete',
          attempt: 1,
          metrics: {},
          submitted_at: null,
          ...nothing,
          ...each,
        }) as Part,
    ),
    (id) => Number(id.slice(1)),
    null,
  );

type Vector = readonly number[];
const dot = (a: Vector, b: Vector) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const norm = (a: Vector) => Math.sqrt(dot(a, a));

/** What a reporter sends that sees the updates themselves. */
function reported(updates: readonly Vector[], examples: readonly number[]) {
  const total = examples.reduce((sum, n) => sum + n, 0);
  const mean = (updates[0] as Vector).map((_, i) =>
    updates.reduce((sum, update, n) => sum + ((examples[n] as number) / total) * (update[i] as number), 0),
  );
  const columns = columnsOf(
    updates.map((update, n) => ({
      sample_count: examples[n] as number,
      update_norm: norm(update),
      cosine_to_mean: dot(update, mean) / norm(update) / norm(mean),
    })),
  );
  return { mean, columns, weights: examples.map((n) => n / total) };
}

it('[G8] agreement and shares from norms and cosines are those of the updates themselves', () => {
  const normal = makeNormal(3);
  for (let repeat = 0; repeat < 50; repeat++) {
    const pull = repeat / 10;
    const updates = Array.from({ length: 2 + (repeat % 7) }, () =>
      Array.from({ length: 40 }, () => normal() * Math.exp(normal()) + pull),
    );
    const { mean, columns, weights } = reported(
      updates,
      updates.map((_, n) => 10 + 90 * n),
    );
    const { agreement, shares } = directionOf(columns, null);
    const squares = updates.reduce((sum, update, n) => sum + (weights[n] as number) * dot(update, update), 0);
    expect(agreement).toBeCloseTo(dot(mean, mean) / squares, 4);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    for (const [n, { share }] of shares.entries())
      expect(share).toBeCloseTo(((weights[n] as number) * dot(updates[n] as Vector, mean)) / dot(mean, mean), 3);
  }
});

it('[G8] agreement is 1 where all updates are alike, and 1/n where they have nothing in common', () => {
  const alike = Array.from({ length: 5 }, () => [3, 4, 0, 0, 0]);
  expect(directionOf(reported(alike, [1, 1, 1, 1, 1]).columns, null).agreement).toBeCloseTo(1, 6);
  const apart = Array.from({ length: 5 }, (_, n) => Array.from({ length: 5 }, (_, i) => Number(i === n)));
  expect(directionOf(reported(apart, [1, 1, 1, 1, 1]).columns, null).agreement).toBeCloseTo(1 / 5, 6);
});

it('[G8] who pulls the other way has a negative share', () => {
  const { columns } = reported(
    [
      [1, 0],
      [1, 0.1],
      [-0.5, 0],
    ],
    [1, 1, 1],
  );
  const { shares } = directionOf(columns, null);
  expect(shares[2]?.share).toBeLessThan(0);
  expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
});

it('[G8] says nothing where a client lacks its norm, and no shares where one lacks its cosine', () => {
  const full = { sample_count: 10, update_norm: 1, cosine_to_mean: 0.9 };
  expect(directionOf(columnsOf([full, { ...full, update_norm: null }]), null)).toEqual({
    agreement: null,
    n: 0,
    shares: [],
  });
  expect(directionOf(columnsOf([full, { ...full, cosine_to_mean: null }]), null)).toEqual({
    agreement: null,
    n: 2,
    shares: [],
  });
  // The norm of the mean that the FL server reported still gives the agreement.
  expect(directionOf(columnsOf([full, { ...full, cosine_to_mean: null }]), 0.5).agreement).toBeCloseTo(0.25, 6);
  expect(directionOf(columnsOf([full]), 0.5)).toMatchObject({ agreement: null, n: 1 });
});
