import { useEffect, useLayoutEffect, useRef } from 'react';
import uPlot, { type AlignedData } from 'uplot';
import { onThemeChange } from '../lib/theme.ts';
import type { ChartOptions } from './options.ts';
import type { Range } from './types.ts';

interface UPlotProps {
  /** Another object rebuilds the chart. */
  readonly options: ChartOptions;
  readonly data: AlignedData;
  /** What is seen of x. */
  readonly range: Range;
  readonly width: number;
  readonly height: number;
  /** Index to put the cursor on, for those who have no pointer. */
  readonly cursorIndex: number | null;
  /** Others cause a redraw; the options read them. */
  readonly marks?: unknown;
}

/** Its types lack the last argument, which tells the charts that share the cursor. */
function moveCursor(plot: uPlot, left: number): void {
  const move = plot.setCursor as (at: uPlot.Cursor, fires: boolean, publishes: boolean) => void;
  move({ left, top: 0 }, true, true);
}

/** Rebuilds on options, sets data on data or range, sets size on size, destroys on unmount. */
export function UPlot({ options, data, range, width, height, cursorIndex, marks }: UPlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const first = useRef({ data, range, width, height });
  first.current = { data, range, width, height };
  const drawn = useRef<Pick<UPlotProps, 'data' | 'range'> | null>(null);

  useLayoutEffect(() => {
    const { data, range, width, height } = first.current;
    const created = new uPlot({ ...options, width, height }, data, host.current ?? undefined);
    created.setScale('x', range);
    plot.current = created;
    drawn.current = { data, range };
    const unsubscribe = onThemeChange(() => created.redraw(false));
    return () => {
      unsubscribe();
      created.destroy();
      plot.current = null;
    };
  }, [options]);

  useLayoutEffect(() => {
    const current = plot.current;
    if (!current || (drawn.current?.data === data && drawn.current.range === range)) return;
    drawn.current = { data, range };
    current.batch(() => {
      current.setData(data, false);
      current.setScale('x', range);
    });
  }, [data, range]);

  useLayoutEffect(() => {
    if (plot.current && (plot.current.width !== width || plot.current.height !== height)) {
      plot.current.setSize({ width, height });
    }
  }, [width, height]);

  const drawnMarks = useRef(marks);
  useEffect(() => {
    if (drawnMarks.current === marks) return;
    drawnMarks.current = marks;
    plot.current?.redraw(false);
  }, [marks]);

  useEffect(() => {
    const current = plot.current;
    if (!current || cursorIndex === null) return;
    const x = current.data[0][cursorIndex];
    if (x !== undefined) moveCursor(current, current.valToPos(x, 'x'));
  }, [cursorIndex]);

  return <div ref={host} />;
}
