import fc from 'fast-check';
import { expect, it } from 'vitest';
import { blocksOf, piecesOf, smallestWidth, widthsOf } from './blocks.ts';

const at = '2026-01-31T12:00:00.000Z';
const pointsAt = (steps: readonly number[]) => steps.map((step) => ({ step, value: 1, at }));

it('the pieces of a range are its steps, each once and in order', () => {
  const range = fc.tuple(fc.nat(100_000), fc.nat(100_000)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  fc.assert(
    fc.property(range, fc.constantFrom([], [32], [32, 1_024], [32, 1_024, 32_768]), ([low, high], widths) => {
      let next = low;
      for (const { width, first, last } of piecesOf(low, high, widths)) {
        expect(first * width).toBe(next);
        expect(last).toBeGreaterThanOrEqual(first);
        next = (last + 1) * width;
      }
      expect(next).toBe(high + 1);
    }),
  );
});

it('a range of any length is read as few pieces', () => {
  expect(piecesOf(3, 9_007_199_254_740_990, widthsOf(2 ** 32)).length).toBeLessThanOrEqual(11);
});

it('a block knows its extremes, their steps, and that there was NaN', () => {
  const values = [2, 'NaN', -1, 5, '-Infinity'] as const;
  const [block, next] = blocksOf(
    [...values.map((value, step) => ({ step, value, at })), { step: 32, value: 7, at }],
    32,
  );
  expect(block).toMatchObject({ block: 0, num_points: 5, least: '-Infinity', least_step: 4, greatest: 5 });
  expect(block).toMatchObject({ greatest_step: 3, nan_step: 1 });
  expect(next).toMatchObject({ block: 1, num_points: 1, least: 7, greatest: 7, nan_step: null });
});

it.each([
  [1, 32],
  [100, 4_096],
  [1_000, 32_768],
])('points %i steps apart are about 32 to a block, whatever the first and the last say', (apart, width) => {
  const steps = Array.from({ length: 1_000 }, (_, n) => (n + 1) * apart);
  expect(smallestWidth(pointsAt([0, ...steps, Number.MAX_SAFE_INTEGER]))).toBe(width);
});

it('points of a single step or very far apart have a width that can be counted with', () => {
  expect(smallestWidth(pointsAt([7]))).toBe(32);
  expect(Math.max(...widthsOf(smallestWidth(pointsAt([0, 2 ** 52]))))).toBeLessThan(2 ** 53);
});
