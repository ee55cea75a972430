import { render } from '@testing-library/react';
import type { AlignedData } from 'uplot';
import { beforeEach, expect, it, vi } from 'vitest';
import type { ChartOptions } from './options.ts';
import { UPlot } from './UPlot.tsx';

const calls: string[] = [];

vi.mock('uplot', () => ({
  default: class {
    width: number;
    height: number;
    data: AlignedData;
    constructor(options: { width: number; height: number }, data: AlignedData) {
      this.width = options.width;
      this.height = options.height;
      this.data = data;
      calls.push('new');
    }
    batch(run: () => void) {
      run();
    }
    setData() {
      calls.push('setData');
    }
    setScale() {
      calls.push('setScale');
    }
    setSize({ width, height }: { width: number; height: number }) {
      this.width = width;
      this.height = height;
      calls.push('setSize');
    }
    redraw() {}
    destroy() {
      calls.push('destroy');
    }
  },
}));

const options: ChartOptions = { series: [{}] };
const data: AlignedData = [[1], [2]];
const props = { options, data, range: { min: 0, max: 1 }, width: 10, height: 10, cursorIndex: null };

beforeEach(() => {
  calls.length = 0;
});

/** What changing the props makes the chart do. */
function change(given: Partial<typeof props>): string[] {
  const view = render(<UPlot {...props} />);
  calls.length = 0;
  view.rerender(<UPlot {...props} {...given} />);
  const seen = [...calls];
  view.unmount();
  return seen;
}

it('does nothing when nothing changed', () => expect(change({})).toEqual([]));
it('rebuilds on options', () => expect(change({ options: { series: [{}] } })).toEqual(['destroy', 'new', 'setScale']));
it('sets data on data', () => expect(change({ data: [[1], [3]] })).toEqual(['setData', 'setScale']));
it('sets data on another range', () => expect(change({ range: { min: 0, max: 2 } })).toEqual(['setData', 'setScale']));
it('sets size on size', () => expect(change({ width: 20 })).toEqual(['setSize']));
it('destroys on unmount', () => {
  const view = render(<UPlot {...props} />);
  view.unmount();
  expect(calls.filter((call) => call === 'destroy')).toHaveLength(1);
});
