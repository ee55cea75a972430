import { expect, it } from 'vitest';
import { makeNormal } from '../../testing/random.ts';
import { leastForPlateau, stateOf, trendOf } from './convergence.ts';

const series = (n: number, slope: number, normal: () => number) =>
  Array.from({ length: n }, (_, round) => ({ round, value: slope * round + normal() }));
const state = (n: number, slope: number, normal: () => number) => stateOf(trendOf(series(n, slope, normal)), n, -1);

it('[G17] claims a plateau from twenty evaluations on, never before', () => {
  const normal = makeNormal(1);
  for (let n = 0; n < leastForPlateau; n++)
    for (let repeat = 0; repeat < 20; repeat++) expect(state(n, 0, normal)).not.toBe('plateau');
  const flat = Array.from({ length: 60 }, (_, round) => ({ round, value: 1 }));
  expect(stateOf(trendOf(flat.slice(0, 19)), 19, -1)).toBe('not_known');
  expect(stateOf(trendOf(flat.slice(0, 20)), 20, -1)).toBe('plateau');
});

it('[G17] calls noise a change in at most one of twenty windows, and finds small slopes as often as it says', () => {
  const normal = makeNormal(2);
  const share = (n: number, slope: number, wanted: string) => {
    const all = Array.from({ length: 400 }, () => state(n, slope, normal));
    return all.filter((each) => each === wanted).length / all.length;
  };
  const rows = [10, 15, 20, 30, 50].map((n) => {
    const wrong = share(n, 0, 'improving') + share(n, 0, 'worsening');
    const found = share(n, -0.1, 'improving');
    expect.soft(wrong, `${n} evaluations of noise`).toBeLessThanOrEqual(0.08);
    return `${n} | ${(100 * wrong).toFixed(1)} | ${(100 * found).toFixed(0)}`;
  });
  console.log(`evaluations | noise called a change % | slope of 0.1 standard deviations found %\n${rows.join('\n')}`);
  // Of ten it finds hardly any, so that silence about ten means nothing; of thirty nearly all.
  expect(share(10, -0.1, 'improving')).toBeLessThan(0.4);
  expect(share(20, -0.1, 'improving')).toBeGreaterThan(0.5);
  expect(share(30, -0.1, 'improving')).toBeGreaterThan(0.95);
});

it('[G17] the slope that it says could have been seen is seen in about four of five windows', () => {
  const normal = makeNormal(3);
  const stated = Array.from({ length: 100 }, () => trendOf(series(30, 0, normal))?.detectable_slope as number);
  const typical = stated.sort((a, b) => a - b)[50] as number;
  const found = Array.from({ length: 400 }, () => state(30, -typical, normal)).filter((each) => each === 'improving');
  expect(found.length / 400).toBeGreaterThan(0.7);
  expect(found.length / 400).toBeLessThan(0.92);
});

it('[G17] is not moved by a few wild evaluations', () => {
  const values = series(30, -0.1, () => 0).map((each) => (each.round % 10 === 0 ? { ...each, value: 1_000 } : each));
  expect(trendOf(values)?.slope).toBeCloseTo(-0.1, 6);
  expect(stateOf(trendOf(values), 30, 1)).toBe('worsening');
});
