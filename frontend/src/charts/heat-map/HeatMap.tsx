import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { frame } from '../../lib/frame.ts';
import { onThemeChange } from '../../lib/theme.ts';
import { useSize } from '../use-size.ts';
import type { HeatGrid } from './grid.ts';
import { type HeatPalette, type HeatView, paint, panView, wholeView, zoomView } from './paint.ts';

export interface HeatCell {
  readonly row: number;
  readonly column: number;
}

interface HeatMapProps {
  readonly label: string;
  readonly grid: HeatGrid;
  /** Rises with every change of the grid's cells. */
  readonly version: number;
  readonly view: HeatView;
  readonly onView: (view: HeatView) => void;
  /** Read for every painting, so that it follows the theme. */
  readonly palette: () => HeatPalette;
  /** The cell under the pointer or the keyboard's cursor. */
  readonly cell: HeatCell | null;
  readonly onCell: (cell: HeatCell | null) => void;
  readonly onPick: (cell: HeatCell) => void;
  /** A sentence about a cell, which is spoken as the cursor moves. */
  readonly describe: (cell: HeatCell) => string;
  /** Columns chosen by dragging; null when the choice is cleared. */
  readonly onBrush: (columns: { readonly from: number; readonly to: number } | null) => void;
}

/** Drags shorter than this are clicks. */
const dragPx = 4;
const wheelStep = 1.2;

/**
 * A heat map on a canvas: drag chooses columns, shift-drag moves, the wheel with ctrl zooms, a click picks. By keyboard the
 * arrows move a cursor whose cell is spoken, Enter picks, plus and minus zoom, zero shows all.
 */
export function HeatMap(props: HeatMapProps) {
  const { label, grid, version, view, palette, cell } = props;
  const [box, { width, height }] = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  // Of two megabytes: made once for each size.
  const image = useRef<ImageData | null>(null);
  const drag = useRef<{ readonly x: number; readonly y: number; readonly view: HeatView; isMove: boolean } | null>(
    null,
  );
  const [band, setBand] = useState<{ from: number; to: number } | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` stands for the cells of the grid.
  useLayoutEffect(() => {
    const surface = canvas.current;
    const context = surface?.getContext('2d');
    if (!surface || !context || width === 0 || height === 0) return;
    const draw = () => {
      if (surface.width !== width) surface.width = width;
      if (surface.height !== height) surface.height = height;
      if (image.current?.width !== width || image.current.height !== height)
        image.current = context.createImageData(width, height);
      paint(grid, view, palette(), new Uint32Array(image.current.data.buffer), width);
      context.putImageData(image.current, 0, 0);
    };
    frame.draw(draw);
    const unsubscribe = onThemeChange(() => frame.draw(draw));
    return () => {
      frame.cancel(draw);
      unsubscribe();
    };
  }, [grid, version, view, palette, width, height]);

  useWheelZoom(box, props);

  const cellAt = ({ clientX, clientY }: PointerEvent): HeatCell => {
    const { left, top } = (canvas.current as HTMLCanvasElement).getBoundingClientRect();
    return {
      column: clampIndex(view.firstColumn + ((clientX - left) / width) * view.columns, grid.numColumns),
      row: clampIndex(view.firstRow + ((clientY - top) / height) * view.rows, grid.numRows),
    };
  };

  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, y: event.clientY, view, isMove: event.shiftKey };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    props.onCell(cellAt(event));
    const start = drag.current;
    if (!start) return;
    const byX = event.clientX - start.x;
    const byY = event.clientY - start.y;
    if (start.isMove) {
      props.onView(panView(start.view, grid, (-byX / width) * view.columns, (-byY / height) * view.rows));
    } else if (Math.abs(byX) > dragPx) {
      const left = box.current?.getBoundingClientRect().left ?? 0;
      setBand({ from: Math.min(start.x, event.clientX) - left, to: Math.max(start.x, event.clientX) - left });
    }
  };
  const onPointerUp = (event: PointerEvent<HTMLDivElement>) => {
    const start = drag.current;
    drag.current = null;
    if (!start || start.isMove) return;
    if (band) {
      const columnAt = (x: number) => clampIndex(view.firstColumn + (x / width) * view.columns, grid.numColumns);
      props.onBrush({ from: columnAt(band.from), to: columnAt(band.to) });
      setBand(null);
    } else if (grid.numRows > 0 && grid.numColumns > 0) props.onPick(cellAt(event));
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const act = keyAct(event.key, props);
    if (!act) return;
    event.preventDefault();
    act();
  };

  return (
    <div
      ref={box}
      role="application"
      aria-roledescription="heat map"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys that its label names.
      tabIndex={0}
      aria-label={`${label}. Arrow keys move, Enter opens, plus and minus zoom, zero shows all.`}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerLeave={() => props.onCell(null)}
      onDoubleClick={() => {
        props.onBrush(null);
        props.onView(wholeView(grid));
      }}
      className="relative h-full w-full touch-pan-y overflow-hidden rounded-control"
    >
      <canvas ref={canvas} aria-hidden className="block h-full w-full [image-rendering:pixelated]" />
      {cell !== null && <Crosshair cell={cell} view={view} width={width} height={height} />}
      {band !== null && (
        <div
          className="pointer-events-none absolute inset-y-0 border-x border-accent bg-accent/20"
          style={{ left: band.from, width: band.to - band.from }}
        />
      )}
      <span role="status" className="sr-only">
        {cell === null ? '' : props.describe(cell)}
      </span>
    </div>
  );
}

/** React's own wheel listeners are passive, and a zoom must keep the page where it is. */
function useWheelZoom(box: { readonly current: HTMLDivElement | null }, props: HeatMapProps): void {
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const element = box.current;
    const onWheel = (event: WheelEvent) => {
      if (!element || (!event.ctrlKey && !event.metaKey)) return;
      event.preventDefault();
      const { left, top, width, height } = element.getBoundingClientRect();
      const about = { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
      const { view, grid, onView } = latest.current;
      onView(zoomView(view, grid, event.deltaY > 0 ? wheelStep : 1 / wheelStep, about));
    };
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  }, [box]);
}

function keyAct(key: string, props: HeatMapProps): (() => void) | undefined {
  const { grid, view, cell, onCell, onView, onPick } = props;
  const at = cell ?? { row: Math.floor(view.firstRow), column: Math.ceil(view.firstColumn + view.columns) };
  const move = (rows: number, columns: number) => () => {
    const next = {
      row: clampIndex(at.row + rows, grid.numRows),
      column: clampIndex(at.column + columns, grid.numColumns),
    };
    onCell(next);
    onView(reveal(view, grid, next));
  };
  const middle = { x: 0.5, y: 0.5 };
  const acts: Record<string, () => void> = {
    ArrowLeft: move(0, -1),
    ArrowRight: move(0, 1),
    ArrowUp: move(-1, 0),
    ArrowDown: move(1, 0),
    PageUp: move(-10, 0),
    PageDown: move(10, 0),
    Home: move(0, -grid.numColumns),
    End: move(0, grid.numColumns),
    Enter: () => onPick(at),
    '+': () => onView(zoomView(view, grid, 1 / 2, middle)),
    '-': () => onView(zoomView(view, grid, 2, middle)),
    '0': () => onView(wholeView(grid)),
  };
  return grid.numRows === 0 || grid.numColumns === 0 ? undefined : acts[key];
}

/** The view moved as little as needed to have the cell in it. */
function reveal(view: HeatView, grid: HeatGrid, { row, column }: HeatCell): HeatView {
  const past = (at: number, first: number, count: number) =>
    at < first ? at - first : at + 1 > first + count ? at + 1 - first - count : 0;
  const byColumns = past(column, view.firstColumn, view.columns);
  const byRows = past(row, view.firstRow, view.rows);
  return byColumns === 0 && byRows === 0 ? view : panView(view, grid, byColumns, byRows);
}

const clampIndex = (at: number, count: number): number => Math.max(0, Math.min(count - 1, Math.floor(at)));

interface CrosshairProps {
  readonly cell: HeatCell;
  readonly view: HeatView;
  readonly width: number;
  readonly height: number;
}

function Crosshair({ cell, view, width, height }: CrosshairProps) {
  const cellWidth = width / view.columns;
  const cellHeight = height / view.rows;
  const left = (cell.column - view.firstColumn) * cellWidth;
  const top = (cell.row - view.firstRow) * cellHeight;
  return (
    <div aria-hidden className="pointer-events-none absolute inset-0">
      <div className="absolute inset-y-0 border-x border-text/30" style={{ left, width: Math.max(1, cellWidth) }} />
      <div className="absolute inset-x-0 border-y border-text/30" style={{ top, height: Math.max(1, cellHeight) }} />
    </div>
  );
}
