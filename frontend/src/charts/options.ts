import type uPlot from 'uplot';
import { readToken } from '../lib/theme.ts';
import { axisRange, axisSplits } from './axis.ts';
import { type Column, dotIndices } from './prepare.ts';
import type { Line, Range } from './types.ts';

export interface ChartConfig {
  /** Labels, colours and formats; their values are not read. */
  readonly lines: readonly Line[];
  readonly columns: readonly Column[];
  readonly isLog: boolean;
  readonly onZoom: (range: Range | null) => void;
  /** The data index under the cursor. */
  readonly onCursor: (index: number | null) => void;
}

export type ChartOptions = Omit<uPlot.Options, 'width' | 'height'>;

const font = '11px "Inter Variable", system-ui, sans-serif';

/** Room above and below on a logarithmic axis, as a factor. */
const logPad = 1.15;

/** Drags shorter than this are clicks. */
const dragPx = 6;

/** Everything about the chart that asks for a rebuild when it changes. Colours are read when drawn. */
export function chartOptions({ lines, columns, isLog, onZoom, onCursor }: ChartConfig): ChartOptions {
  const grid = { stroke: () => readToken('--line'), width: 1 };
  const left = lines.find((line) => line.axis === 'left');
  const right = lines.find((line) => line.axis === 'right');
  const yAxis = (line: Line, side: 1 | 3): uPlot.Axis => ({
    scale: line.axis,
    side,
    size: 46,
    gap: 8,
    font,
    stroke: () => readToken('--muted'),
    grid: side === 3 || !left ? grid : { show: false },
    ticks: { show: false },
    values: (_, splits) => splits.map((value) => (value === null ? null : line.formatTick(value))),
    ...(!(isLog && line.axis === 'left') && { splits: (_, __, min, max) => axisSplits({ min, max }) }),
  });

  return {
    // Half of the last step's number, where no axis on the right makes room for it.
    padding: [8, right ? 4 : 24, 0, 4],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: dragPx },
      points: { size: 8 },
      bind: {
        dblclick: () => () => {
          onZoom(null);
          return null;
        },
      },
    },
    scales: {
      x: { time: false, auto: false },
      ...(left && { left: scaleOf(left, isLog) }),
      ...(right && { right: scaleOf(right, false) }),
    },
    axes: [
      {
        size: 28,
        gap: 8,
        font,
        stroke: () => readToken('--muted'),
        grid: { show: false },
        ticks: { show: false },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000],
      },
      ...(left ? [yAxis(left, 3)] : []),
      ...(right ? [yAxis(right, 1)] : []),
    ],
    series: [{}, ...columns.map((column) => seriesOf(lines[column.line] as Line, column))],
    hooks: {
      setCursor: [({ cursor }) => onCursor(cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left: from, width } = plot.select;
          if (width < dragPx) return;
          onZoom({ min: plot.posToVal(from, 'x'), max: plot.posToVal(from + width, 'x') });
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function scaleOf({ span }: Line, isLog: boolean): uPlot.Scale {
  // uPlot's own range would reach out to the next power of ten and leave half of the chart empty.
  if (isLog) return { distr: 3, log: 10, range: (_, from, to) => [(from ?? 1) / logPad, (to ?? 10) * logPad] };
  return {
    range: (_, from, to) => {
      const { min, max } = axisRange(from, to, span);
      return [min, max];
    },
  };
}

function seriesOf(line: Line, { isOriginal }: Column): uPlot.Series {
  const stroke = () => readToken(line.token);
  return {
    label: line.label,
    scale: line.axis,
    stroke,
    width: isOriginal ? 1 : 2,
    alpha: isOriginal ? 0.35 : 1,
    points: {
      show: false,
      size: 7,
      stroke,
      fill: stroke,
      filter: (plot, at) => (isOriginal ? null : dotIndices(plot.data[at] ?? [])),
    },
  };
}
