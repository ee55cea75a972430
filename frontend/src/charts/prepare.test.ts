import { describe, expect, it } from 'vitest';
import { axisRange, axisSplits } from './axis.ts';
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
    expect(prepared.data[1]).toEqual([1, null, null]);
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
