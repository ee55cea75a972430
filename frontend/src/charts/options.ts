import type uPlot from 'uplot';
import { formatBytes, formatCount, formatDuration, formatTick } from '../lib/format.ts';
import { readToken, withAlpha } from '../lib/theme.ts';
import { axisRange, axisSplits, logSplits, timeSplits, wholeSplits } from './axis.ts';
import { type DrawnScale, fromDrawn, toDrawn } from './drawn.ts';
import { drawMarks } from './marks.ts';
import { startPan, zoomOnWheel } from './pan-zoom.ts';
import { type Column, dotIndices, isMainLine, type Prepared } from './prepare.ts';
import type { Band, ChartMark, Line, Range, XKind, YMode } from './types.ts';

export interface ChartConfig {
  /** Labels, colours and formats; their values are not read. */
  readonly lines: readonly Line[];
  readonly columns: readonly Column[];
  readonly scales: Prepared['scales'];
  readonly onZoom: (range: Range | null) => void;
  /** The data index under the cursor. */
  readonly onCursor: (index: number | null) => void;
  readonly bands: readonly Band[];
  readonly xKind: XKind;
  readonly yMode: Exclude<YMode, 'log'>;
  /** Read for every drawing. */
  readonly getMarks: () => readonly ChartMark[];
  /** Charts of one key share the cursor. */
  readonly syncKey: string | null;
  readonly onPick: ((index: number) => void) | null;
}

export type ChartOptions = Omit<uPlot.Options, 'width' | 'height'>;

/** How strong a band is drawn. */
export const bandAlpha = 0.16;

const font = '11px "Inter Variable", system-ui, sans-serif';

/** Room above and below on a logarithmic axis, in powers of ten. */
const logPad = 0.06;

/** Room for one label of x. */
const labelPx = 64;

/**
 * uPlot draws no axis for which it finds no step among these. The splits are ours, so one step that always fits is enough;
 * below five it would look the step up in a table of its own.
 */
const anyStep = (_: uPlot, __: number, min: number, max: number): number[] => [Math.max(5, max - min)];

/** Drags shorter than this are clicks. */
const dragPx = 6;

/** A step in full up to a million, shorter beyond. */
const formatStep = (step: number): string => (Math.abs(step) < 1e6 ? formatCount(step) : formatTick(step));

export const xFormats: Readonly<Record<XKind, (x: number) => string>> = {
  count: formatStep,
  time: (ms) => (ms === 0 ? '0' : formatDuration(ms)),
  bytes: formatBytes,
};

/** Everything about the chart that asks for a rebuild when it changes. Colours are read when drawn. */
export function chartOptions(config: ChartConfig): ChartOptions {
  const { lines, columns, scales, onZoom, onCursor, xKind, yMode, syncKey, onPick } = config;
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
    values: (_, splits) =>
      splits.map((value) => (value === null ? null : line.formatTick(fromDrawn(value, scales[line.axis])))),
    incrs: anyStep,
    splits: (_, __, min, max) => (scales[line.axis].isLog ? logSplits : axisSplits)({ min, max }),
  });

  return {
    // Half of the last step's number, where no axis on the right makes room for it.
    padding: [8, right ? 4 : 24, 0, 4],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: dragPx },
      points: { size: 8 },
      ...(syncKey !== null && {
        // Without presses and drags: a drag chooses a range in one chart, and the page gives it to the others.
        sync: { key: syncKey, setSeries: false, filters: { pub: isMove, sub: isMove } },
      }),
      bind: {
        mousedown: (plot, _, handler) => (event) => {
          if (event.shiftKey) startPan(plot, event, onZoom);
          else handler(event);
          return null;
        },
        dblclick: () => () => {
          onZoom(null);
          return null;
        },
      },
    },
    scales: {
      x: { time: false, auto: false },
      ...(left && { left: scaleOf(left, scales.left, yMode) }),
      ...(right && { right: scaleOf(right, scales.right, yMode) }),
    },
    axes: [
      {
        size: 28,
        gap: 8,
        font,
        stroke: () => readToken('--muted'),
        grid: { show: false },
        ticks: { show: false },
        values: (_, splits) => splits.map((value) => (value === null ? null : xFormats[xKind](value))),
        incrs: anyStep,
        splits: (plot, _, min, max) =>
          (xKind === 'time' ? timeSplits : wholeSplits)({ min, max }, Math.floor(plot.width / labelPx)),
      },
      ...(left ? [yAxis(left, 3)] : []),
      ...(right ? [yAxis(right, 1)] : []),
    ],
    series: [{}, ...columns.map((column) => seriesOf(lines[column.line] as Line, column))],
    bands: bandsOf(config),
    hooks: {
      ready: [(plot) => zoomOnWheel(plot, onZoom), (plot) => onPick && pickOnClick(plot, onPick)],
      draw: [(plot) => drawMarks(plot, config.getMarks())],
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

const isMove = (type: string): boolean => type === 'mousemove' || type === 'mouseleave';

/** Pairs of columns, as uPlot numbers them: x is 0. */
function bandsOf({ lines, columns, bands }: ChartConfig): uPlot.Band[] {
  const indexOf = (key: string) =>
    columns.findIndex(({ line, isOriginal }) => !isOriginal && lines[line]?.key === key) + 1;
  return bands
    .map(({ upper, lower, token }) => ({
      series: [indexOf(upper), indexOf(lower)] as [number, number],
      fill: () => withAlpha(readToken(token), bandAlpha),
    }))
    .filter(({ series }) => series.every((index) => index > 0));
}

function scaleOf({ span }: Line, scale: DrawnScale, mode: ChartConfig['yMode']): uPlot.Scale {
  if (scale.isLog) return { range: (_, from, to) => [(from ?? 0) - logPad, (to ?? 1) + logPad] };
  const drawnSpan = span && ([toDrawn(span[0], scale), toDrawn(span[1], scale)] as const);
  return {
    range: (_, from, to) => {
      const { min, max } = axisRange(from, to, drawnSpan, mode);
      return [min, max];
    },
  };
}

function seriesOf(line: Line, { isOriginal }: Column): uPlot.Series {
  const stroke = () => readToken(line.token);
  return {
    label: line.label,
    scale: line.axis,
    ...(line.look === 'edge' ? { width: 0 } : { stroke, width: isOriginal || line.look === 'thin' ? 1 : 2 }),
    ...(line.look === 'thin' && { dash: [4, 3] }),
    alpha: isOriginal ? 0.35 : 1,
    points: {
      show: false,
      size: 7,
      stroke,
      fill: stroke,
      filter: (plot, at) => (isOriginal || !isMainLine(line) ? null : dotIndices(plot.data[at] ?? [])),
    },
  };
}

/** A press and release at one place; `cursor.bind.click` of uPlot is for its legend only. */
function pickOnClick(plot: uPlot, onPick: (index: number) => void): void {
  let pressedAt = 0;
  plot.over.addEventListener('mousedown', ({ clientX }) => {
    pressedAt = clientX;
  });
  plot.over.addEventListener('click', ({ clientX }) => {
    const index = plot.cursor.idx;
    if (Math.abs(clientX - pressedAt) < dragPx && index !== null && index !== undefined) onPick(index);
  });
}
