import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readChartView, writeSmoothing, writeX, writeYMode, writeZoom } from '../components/ui/chart-view.ts';
import { changeAddress } from '../hooks/useAddress.ts';
import { axisRange, timeSplits } from './axis.ts';
import { placeTip, tipWidth } from './ChartTip.tsx';
import { type ChartPicture, chartSvg } from './export/chart-svg.ts';
import { zoomAbout } from './pan-zoom.ts';
import { prepare } from './prepare.ts';
import type { Line } from './types.ts';

describe('the tip at the cursor', () => {
  it('never covers the point, and stays in the chart wherever that is possible', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 3_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (width, share) => {
        const cursor = share * width;
        const box = tipWidth(width);
        const left = placeTip(cursor, box, width);
        expect(left > cursor || left + box < cursor).toBe(true);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left + box).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('the view of a chart', () => {
  it('is the same after the address', () => {
    const zoom = { min: 12.5, max: 250 };
    const change = { ...writeX('time', 'round'), ...writeSmoothing(0.6), ...writeYMode('log'), ...writeZoom(zoom) };
    const view = readChartView(changeAddress(new URLSearchParams(), change), 'round');
    expect(view).toMatchObject({ smoothing: 0.6, yMode: 'log', x: { key: 'time' }, zoom, isTable: false });
  });

  it('of an address that means nothing is the usual one', () => {
    const view = readChartView(new URLSearchParams('smooth=2&y=up&x=moon&from=5&to=1&view=9'), 'round');
    expect(view).toMatchObject({ smoothing: 0, yMode: 'auto', x: { key: 'round' }, zoom: null, isTable: false });
  });

  it('leaves its usual values out of the address', () => {
    const change = { ...writeX('round', 'round'), ...writeSmoothing(0), ...writeYMode('auto'), ...writeZoom(null) };
    expect(changeAddress(new URLSearchParams('x=time&y=fit&from=1&to=2'), change).toString()).toBe('');
  });
});

describe('axes', () => {
  it('span what is asked for', () => {
    expect(axisRange(61.5, 67.5, undefined, 'zero').min).toBe(0);
    expect(axisRange(2, 60, undefined, 'fit').min).toBeGreaterThanOrEqual(0);
    expect(axisRange(0.9, 0.95, [0, 1], 'fit').min).toBeGreaterThan(0.8);
  });

  it('of time are divided as a clock is', () => {
    expect(timeSplits({ min: 0, max: 3 * 3_600_000 }, 6)).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((half) => half * 1_800_000),
    );
    expect(timeSplits({ min: 0, max: 1e13 }, 6).length).toBeLessThanOrEqual(7);
  });

  it('are zoomed about the point under the cursor', () => {
    expect(zoomAbout({ min: 0, max: 100 }, 0.5, 20)).toEqual({ min: 10, max: 60 });
  });
});

describe('the picture of a chart', () => {
  const line = (key: string, values: (number | null)[], given: Partial<Line> = {}): Line => ({
    key,
    label: key,
    token: '--loss',
    axis: 'left',
    values,
    format: String,
    formatTick: String,
    ...given,
  });
  const pictureOf = (lines: Line[], given: Partial<ChartPicture> = {}): string => {
    const prepared = prepare({ x: [1, 2, 3, 4], lines, smoothing: 0, isLog: false, xEnd: null });
    const picture = { title: 'a <b> & "c"', subtitle: '', xName: 'round', lines, prepared, range: prepared.domain };
    return chartSvg(
      { ...picture, bands: [], marks: [], xKind: 'count', yMode: 'auto', ...given },
      { width: 800, height: 400, colour: (token) => token },
    );
  };
  const parse = (svg: string) => new DOMParser().parseFromString(svg, 'image/svg+xml');

  it('is an SVG whose texts cannot break out', () => {
    const parsed = parse(pictureOf([line('x\u0001</text><script>', [1, 2, 3, 4])]));
    expect(parsed.querySelector('parsererror, script')).toBeNull();
    expect(parsed.documentElement.textContent).toContain('a <b> & "c"');
  });

  it('has gaps where values are missing, and areas that end at them', () => {
    const lines = [
      line('global', [1, null, 3, 4]),
      line('q1', [1, 1, null, 1], { look: 'edge' }),
      line('q3', [2, 2, null, 2], { look: 'edge' }),
    ];
    const svg = pictureOf(lines, { bands: [{ upper: 'q3', lower: 'q1', token: '--band' }] });
    const [area, global] = [...parse(svg).querySelectorAll('g path')].map((path) => path.getAttribute('d') ?? '');
    expect(area?.match(/M/g)).toHaveLength(1);
    expect(global?.match(/M/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
  });

  it('names the marks that are in sight only', () => {
    const marks = [
      { x: 2, kind: 'failed', text: '' },
      { x: 99, kind: 'checkpoint', text: '' },
    ] as const;
    const words = parse(pictureOf([line('a', [1, 2, 3, 4])], { marks })).documentElement.textContent;
    expect(words).toContain('failed round');
    expect(words).not.toContain('checkpoint');
  });
});
