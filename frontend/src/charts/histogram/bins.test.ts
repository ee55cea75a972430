import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binValues, medianOf } from './bins.ts';

describe('a histogram', () => {
  it('counts every finite value once, whatever the values are', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double()), { maxLength: 200 }), (values) => {
        const { bins, nonFinite, missing } = binValues(values, 24);
        const counted = bins.reduce((sum, { count }) => sum + count, 0);
        expect(counted + nonFinite + missing).toBe(values.length);
        expect(bins.length).toBeLessThanOrEqual(24);
        for (const { from, to } of bins) {
          expect(Number.isFinite(from) && Number.isFinite(to)).toBe(true);
          expect(from).toBeLessThanOrEqual(to);
        }
      }),
    );
  });

  it('has its ends at the least and the greatest value', () => {
    const { bins, isLog } = binValues([3, 1, 2, 9, 4, 4, 4], 10);
    expect([bins[0]?.from, bins.at(-1)?.to, isLog]).toEqual([1, 9, false]);
  });

  it('spaces its bins by a factor when one value dwarfs the others', () => {
    const norms = [...Array.from({ length: 99 }, (_, at) => 0.4 + at / 400), 625.5];
    const { bins, isLog } = binValues(norms, 24);
    expect(isLog).toBe(true);
    expect(bins.filter(({ count }) => count > 0).length).toBeGreaterThan(2);
    expect(bins.at(-1)).toMatchObject({ to: 625.5, count: 1 });
  });

  it('says what it leaves out', () => {
    expect(binValues([1, null, Number.NaN, Number.POSITIVE_INFINITY, null], 8)).toEqual({
      bins: [{ from: 1, to: 1, count: 1 }],
      nonFinite: 2,
      missing: 2,
      median: 1,
      isLog: false,
    });
    expect(binValues([], 8).bins).toEqual([]);
  });

  it('has the median between the two in the middle', () => {
    expect([medianOf([]), medianOf([1, 2, 3]), medianOf([1, 2, 3, 6])]).toEqual([null, 2, 2.5]);
  });
});
