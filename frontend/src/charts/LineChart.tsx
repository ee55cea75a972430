import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from 'react';
import { ChartTip } from './ChartTip.tsx';
import { chartOptions } from './options.ts';
import type { Prepared } from './prepare.ts';
import { zoomIn } from './prepare.ts';
import type { Band, ChartMark, Line, Range, Tip, XKind, YMode } from './types.ts';
import { UPlot } from './UPlot.tsx';
import { useSize } from './use-size.ts';

interface LineChartProps {
  readonly label: string;
  /** What one x is called: "round". */
  readonly xName: string;
  readonly lines: readonly Line[];
  readonly prepared: Prepared;
  /** What the user zoomed to; `null` sees everything and follows. */
  readonly zoom: Range | null;
  readonly onZoom: (range: Range | null) => void;
  readonly onCursor?: (index: number | null) => void;
  readonly describe: (index: number) => string;
  /** The values at the cursor, shown beside it. */
  readonly tip?: (index: number) => Tip;
  readonly bands?: readonly Band[];
  readonly marks?: readonly ChartMark[];
  readonly xKind?: XKind;
  readonly yMode?: YMode;
  /** Charts of one key share the cursor. */
  readonly syncKey?: string;
  /** A click on a point, or Enter. */
  readonly onPick?: (index: number) => void;
}

const noBands: readonly Band[] = [];
const noMarks: readonly ChartMark[] = [];

/** A chart that can be read by pointer and by keyboard: arrow keys move a cursor whose values are spoken. */
export function LineChart(props: LineChartProps) {
  const { label, xName, lines, prepared, zoom, onZoom, describe, tip } = props;
  const { bands = noBands, marks = noMarks, xKind = 'count', yMode = 'auto', syncKey = null } = props;
  const [element, size] = useSize<HTMLDivElement>();
  const [keyIndex, setKeyIndex] = useState<number | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const count = prepared.data[0].length;

  // The chart is rebuilt when its handlers are others; these stay and call the newest.
  const latest = useRef(props);
  latest.current = props;
  const getMarks = useCallback(() => latest.current.marks ?? noMarks, []);
  const onPick = useCallback((index: number) => latest.current.onPick?.(index), []);
  const zoomTo = useCallback((range: Range | null) => latest.current.onZoom(range), []);
  const onCursor = useCallback(
    (index: number | null) => {
      latest.current.onCursor?.(index);
      // A cursor that another chart shares has its values there.
      setPointed(element.current?.matches(':hover') ? index : null);
    },
    [element],
  );

  // The look of the lines, not their values: those change with every round and need no rebuild.
  const { left, right } = prepared.scales;
  const shape = JSON.stringify([
    [left.isLog, left.exponent, right.exponent, prepared.columns.length],
    lines.map(({ key, token, look, axis }) => [key, token, look, axis]),
    bands,
  ]);
  const isPickable = props.onPick !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for what the options are made of.
  const options = useMemo(
    () =>
      chartOptions({
        lines,
        columns: prepared.columns,
        scales: prepared.scales,
        onZoom: zoomTo,
        onCursor,
        bands,
        xKind,
        yMode: yMode === 'log' ? 'auto' : yMode,
        getMarks,
        syncKey,
        onPick: isPickable ? onPick : null,
      }),
    [shape, xKind, yMode, syncKey, isPickable],
  );

  const moveTo = (index: number) => {
    const next = Math.min(count - 1, Math.max(0, index));
    setKeyIndex(next);
    props.onCursor?.(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = keyIndex ?? count;
    const moves: Record<string, () => void> = {
      ArrowLeft: () => moveTo(at - 1),
      ArrowRight: () => moveTo(at + 1),
      PageDown: () => moveTo(at - 10),
      PageUp: () => moveTo(at + 10),
      Home: () => moveTo(0),
      End: () => moveTo(count - 1),
      '+': () => onZoom(zoomIn(zoom ?? prepared.domain)),
      '0': () => onZoom(null),
      ...(isPickable && keyIndex !== null && { Enter: () => props.onPick?.(keyIndex) }),
    };
    const move = moves[event.key];
    if (!move || count === 0) return;
    event.preventDefault();
    move();
  };

  const at = keyIndex ?? count - 1;
  const range = zoom ?? prepared.domain;
  const shown = keyIndex ?? pointed;
  const x = shown === null ? undefined : prepared.data[0][shown];
  return (
    <div
      ref={element}
      role="slider"
      tabIndex={0}
      aria-label={`${label}: values by ${xName}. Arrow keys move, plus zooms in, zero shows all.`}
      aria-orientation="horizontal"
      aria-valuemin={Number(prepared.data[0][0] ?? 0)}
      aria-valuemax={Number(prepared.data[0][count - 1] ?? 0)}
      aria-valuenow={Number(prepared.data[0][at] ?? 0)}
      aria-valuetext={count > 0 ? describe(at) : 'no values yet'}
      onKeyDown={onKeyDown}
      onBlur={() => {
        setKeyIndex(null);
        setPointed(null);
        props.onCursor?.(null);
      }}
      className="relative h-full w-full rounded-control"
    >
      {size.width > 0 && (
        <UPlot
          options={options}
          data={prepared.data}
          range={range}
          width={size.width}
          height={size.height}
          cursorIndex={keyIndex}
          marks={marks}
        />
      )}
      {tip && shown !== null && typeof x === 'number' && (
        <ChartTip tip={tip(shown)} left={leftOf(x, range, size.width, lines)} width={size.width} />
      )}
    </div>
  );
}

const axisPx = 46;

/** Where a value of x is within the element, in pixels: the axes take their room from its sides. */
function leftOf(x: number, { min, max }: Range, width: number, lines: readonly Line[]): number {
  const start = 4 + (lines.some(({ axis }) => axis === 'left') ? axisPx : 0);
  const end = width - (lines.some(({ axis }) => axis === 'right') ? axisPx + 4 : 24);
  return start + ((x - min) / (max - min || 1)) * (end - start);
}
