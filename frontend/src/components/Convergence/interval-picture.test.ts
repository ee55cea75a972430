import { expect, it } from 'vitest';
import { intervalPicture } from './interval-picture.ts';

it('an interval that touches zero crosses the middle, and one that does not stays on its side', () => {
  const falling = intervalPicture(-0.002, -0.001, -0.0005);
  expect(falling.left + falling.width).toBeLessThan(50);
  const plateau = intervalPicture(-0.001, 0, 0.001);
  expect([plateau.left < 50, plateau.left + plateau.width > 50, plateau.dot]).toEqual([true, true, 50]);
});

it.each([
  [0, 0, 0],
  [-1e-300, 0, 1e300],
  [5, 6, 7],
])('stays within the bar: %d, %d, %d', (low, slope, high) => {
  const { left, width, dot } = intervalPicture(low, slope, high);
  expect(left).toBeGreaterThanOrEqual(0);
  expect(left + width).toBeLessThanOrEqual(100);
  expect(dot).toBeGreaterThanOrEqual(left);
  expect(dot).toBeLessThanOrEqual(left + width);
});
