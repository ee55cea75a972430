import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisRange, axisSplits, logSplits, wholeSplits } from './axis.ts';
import { fromDrawn } from './drawn.ts';
import { dotIndices, prepare, zoomIn } from './prepare.ts';
import { smooth } from './smooth.ts';
import type { Line } from './types.ts';

const line = (values: (number | null)[], given: Partial<Line> = {}): Line => ({
  key: 'a',
  label: 'a',
  token: '--loss',
  axis: 'left',
  values,
  format: String,
  formatTick: String,
  ...given,
});

const input = { x: [1, 2, 3], smoothing: 0, isLog: false, xEnd: null };

describe('prepare', () => {
  it('a value that is not finite is a gap, never zero, and is counted', () => {
    const prepared = prepare({ ...input, lines: [line([1, Number.NaN, Infinity])] });
    expect(prepared.data[1]).toEqual([1, null, null]);
    expect(prepared.nonFinite).toBe(2);
    expect(prepared.points).toBe(1);
  });

  it('a value that was not reported is a gap and nothing odd', () => {
    const prepared = prepare({ ...input, lines: [line([1, null, 3])] });
    expect(prepared.data[1]).toEqual([1, null, 3]);
    expect(prepared.nonFinite).toBe(0);
  });

  it('a log axis hides what it cannot show, and says how much', () => {
    const lines = [line([1, 0, -2]), line([0, 0, 1], { axis: 'right', key: 'b' })];
    const prepared = prepare({ ...input, lines, isLog: true });
    // The logarithm of 1.
    expect(prepared.data[1]).toEqual([0, null, null]);
    expect(prepared.data[2]).toEqual([0, 0, 1]);
    expect(prepared.hiddenByLog).toBe(2);
  });

  it('smoothing keeps the original line behind the smooth one', () => {
    const prepared = prepare({ ...input, lines: [line([1, 3, 5])], smoothing: 0.5 });
    expect(prepared.columns).toEqual([
      { line: 0, isOriginal: true },
      { line: 0, isOriginal: false },
    ]);
    expect(prepared.data[1]).toEqual([1, 3, 5]);
  });

  it('x reaches to where the run will end', () => {
    expect(prepare({ ...input, lines: [line([1, 2, 3])], xEnd: 50 }).domain).toEqual({ min: 1, max: 50 });
  });

  it('x reaches past the planned end when the run does', () => {
    expect(prepare({ ...input, lines: [line([1, 2, 3])], xEnd: 2 }).domain).toEqual({ min: 1, max: 3 });
  });

  it('a single point has room around it', () => {
    expect(prepare({ ...input, x: [7], lines: [line([1])] }).domain).toEqual({ min: 6, max: 8 });
  });
});

describe('smoothing', () => {
  it('leaves a constant alone from the first point on', () => {
    expect(smooth([4, 4, 4, 4], 0.9).map((value) => Math.round((value ?? 0) * 1e9) / 1e9)).toEqual([4, 4, 4, 4]);
  });

  it('is the debiased average: 1 and 3 at weight 0.5 give 7/3', () => {
    expect(smooth([1, 3], 0.5)[1]).toBeCloseTo(7 / 3);
  });

  it('a gap stays a gap and does not disturb what follows', () => {
    const [, gap, after] = smooth([1, null, 3], 0.5);
    expect(gap).toBeNull();
    expect(after).toBeCloseTo(7 / 3);
  });
});

describe('dots', () => {
  it('mark the newest value and values that no line would show', () => {
    expect(dotIndices([1, null, 2, null, 3, 4])).toEqual([0, 2, 5]);
    expect(dotIndices([9])).toEqual([0]);
    expect(dotIndices([null, null])).toEqual([]);
  });
});

describe('axes', () => {
  it('begin at zero and have four round parts', () => {
    const range = axisRange(0.36, 1.9);
    expect(range).toEqual({ min: 0, max: 2 });
    expect(axisRange(1, 2.07).max).toBeCloseTo(2.4);
    expect(axisSplits(range)).toEqual([0, 0.5, 1, 1.5, 2]);
  });

  it('show a share from none to all', () => {
    expect(axisRange(0.2, 0.9, [0, 1])).toEqual({ min: 0, max: 1 });
  });

  it('close in on a curve that would be flat', () => {
    const { min, max } = axisRange(0.881, 0.889, [0, 1]);
    expect(min).toBeGreaterThan(0.87);
    expect(max).toBeLessThan(0.9);
  });

  it('[V6] every finite value has a place on an axis with finite, rising, labelled ticks', () => {
    const edges = [0, 5e-324, 2.2e-308, 1e-300, 1e-12, 1, 1e12, 3.4e38, 1e308, Number.MAX_VALUE];
    const finite = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(...edges, ...edges.map((edge) => -edge)),
    );
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 6 }), fc.boolean(), (values, isLog) => {
        const x = values.map((_, index) => index);
        const { data, scales } = prepare({ x, lines: [line(values)], smoothing: 0, isLog, xEnd: null });
        const drawn = (data[1] as (number | null)[]).filter((value) => value !== null);
        fc.pre(drawn.length > 0);
        const [from, to] = [Math.min(...drawn), Math.max(...drawn)];
        const range = isLog ? { min: from - 0.06, max: to + 0.06 } : axisRange(from, to);
        expect(Number.isFinite(range.max - range.min)).toBe(true);
        expect(range.max).toBeGreaterThan(range.min);
        const rounding = Math.max(Math.abs(from), Math.abs(to)) * 1e-9;
        expect(range.min).toBeLessThanOrEqual(from + rounding);
        expect(range.max).toBeGreaterThanOrEqual(to - rounding);
        const splits = (isLog ? logSplits : axisSplits)(range);
        expect(splits.length).toBeGreaterThanOrEqual(2);
        expect(splits.length).toBeLessThanOrEqual(13);
        expect(splits).toEqual([...splits].sort((a, b) => a - b));
        for (const split of splits) expect(Number.isFinite(fromDrawn(split, scales.left))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('[V6] every range of steps has at least one label, and no more than there is room for', () => {
    const step = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 1e9, 2 ** 53 - 1, 2 ** 53 - 2));
    fc.assert(
      fc.property(step, step, fc.integer({ min: 1, max: 30 }), (a, b, room) => {
        const { domain } = prepare({
          x: [Math.min(a, b), Math.max(a, b)],
          lines: [],
          smoothing: 0,
          isLog: false,
          xEnd: null,
        });
        const splits = wholeSplits(domain, room);
        expect(splits.length).toBeLessThanOrEqual(room + 1);
        expect(new Set(splits).size).toBe(splits.length);
        for (const split of splits) {
          expect(split).toBeGreaterThanOrEqual(domain.min);
          expect(split).toBeLessThanOrEqual(domain.max);
        }
        if (room >= 4) expect(splits.length).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });

  it('hold every value, whatever its size', () => {
    for (const [from, to] of [
      [-3, 8],
      [5, 5],
      [0, 0],
      [1e-9, 2e-9],
      [-7, -6.9],
      [1e9, 3e9],
      [0.1, 0.30000000000000004],
    ] as const) {
      const { min, max } = axisRange(from, to);
      expect(min).toBeLessThanOrEqual(from);
      expect(max).toBeGreaterThanOrEqual(to - Math.abs(to) * 1e-9);
      expect(max).toBeGreaterThan(min);
    }
  });

  it('zooming in keeps the end and stops at two', () => {
    expect(zoomIn({ min: 0, max: 40 })).toEqual({ min: 20, max: 40 });
    expect(zoomIn({ min: 38, max: 40 })).toEqual({ min: 38, max: 40 });
  });
});
