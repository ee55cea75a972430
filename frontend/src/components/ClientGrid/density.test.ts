import { expect, it } from 'vitest';
import { columnsFor, densityFor } from './density.ts';

it('[B19] however many clients there are, each is a target of at least 24 px', () => {
  for (const count of [1, 200, 201, 1_000, 1_001, 10_000, 100_000]) {
    const density = densityFor(count);
    expect(Math.min(density.minWidth, density.height)).toBeGreaterThanOrEqual(24);
    // Where all columns are as wide as the grid allows, none is narrower than that.
    for (const width of [320, 412, 560, 1_900]) {
      const columns = columnsFor(density, width, count);
      expect((width - (columns - 1) * density.gap) / columns).toBeGreaterThanOrEqual(24);
    }
  }
});

it('a few clients have wider cards, as far as they fill the row', () => {
  const density = densityFor(12);
  expect(columnsFor(density, 1_010, 12)).toBe(12);
  expect(columnsFor(density, 1_010, 3)).toBe(8);
  expect(columnsFor(density, 380, 12)).toBe(5);
});

it('a card is as wide as the longest name needs, up to a bound', () => {
  expect(densityFor(96, 2).minWidth).toBe(60);
  expect(densityFor(96, 9).minWidth).toBeGreaterThan(70);
  expect(densityFor(96, 64).minWidth).toBe(96);
});
