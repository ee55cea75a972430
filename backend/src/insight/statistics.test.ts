import { expect, it } from 'vitest';
import {
  jainIndex,
  kolmogorovSmirnov,
  median,
  normalQuantile,
  normalTwoSided,
  quantileOf,
  studentQuantile,
  studentTwoSided,
} from './statistics.ts';

it('takes the median of odd and even numbers of values, and none of none', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([5, 5, 5, 5])).toBe(5);
  expect(median([])).toBeNaN();
});

it('agrees with sorting on random values', () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  for (let n = 1; n < 60; n++) {
    const values = Array.from({ length: n }, () => Math.round(random() * 10));
    const sorted = [...values].sort((a, b) => a - b);
    expect(median(values)).toBe(quantileOf(sorted, 0.5));
  }
});

it('knows the quantiles that tables print', () => {
  expect(normalQuantile(0.05)).toBeCloseTo(1.959964, 5);
  expect(normalTwoSided(4.5)).toBeCloseTo(6.795e-6, 8);
  expect(normalTwoSided(0.5)).toBeCloseTo(0.617075, 5);
  expect(studentQuantile(0.05, 5)).toBeCloseTo(2.570582, 5);
  expect(studentQuantile(0.01, 3)).toBeCloseTo(5.840909, 5);
  expect(studentTwoSided(1, 1)).toBeCloseTo(0.5, 9);
});

it('knows fairness from equal to everything for one', () => {
  expect(jainIndex([2, 2, 2])).toBeCloseTo(1, 12);
  expect(jainIndex([1, 0, 0, 0])).toBe(0.25);
  expect(jainIndex([0, 0])).toBeNull();
  expect(jainIndex([1, -1])).toBeNull();
});

it('finds two samples alike or not', () => {
  const low = Array.from({ length: 30 }, (_, i) => i);
  expect(kolmogorovSmirnov(low, low)).toEqual({ statistic: 0, p_value: 1 });
  expect(
    kolmogorovSmirnov(
      low,
      low.map((x) => x + 30),
    ).p_value,
  ).toBeLessThan(1e-10);
  // The asymptotic p value without the correction is 0.0709.
  const shifted = kolmogorovSmirnov(
    low,
    low.map((x) => x + 10),
  );
  expect(shifted.statistic).toBeCloseTo(1 / 3, 12);
  expect(shifted.p_value).toBeGreaterThan(0.04);
  expect(shifted.p_value).toBeLessThan(0.08);
});
