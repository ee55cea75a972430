import { type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { frame } from '../../lib/frame.ts';
import { onThemeChange, readToken } from '../../lib/theme.ts';
import type { Range } from '../types.ts';
import { useSize } from '../use-size.ts';
import { miniPath, nearestIndex } from './mini-path.ts';
import type { SharedCursor } from './shared-cursor.ts';

interface MiniChartProps {
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  readonly range: Range;
  readonly token: string;
  readonly isLog: boolean;
  readonly cursor: SharedCursor;
  readonly format: (value: number) => string;
  /** Called with what stands at the cursor, for a readout that need not be drawn by React. */
  readonly onRead: (index: number | null) => void;
  readonly onZoom: (range: Range | null) => void;
}

const dragPx = 6;
/** Room for a value of seven characters. */
const gutterPx = 48;
const pad = 3;

/** A line without axes but with the ends of its values: cheap enough for hundreds on a page. */
export function MiniChart({ x, y, range, token, isLog, cursor, format, onRead, onZoom }: MiniChartProps) {
  const [box, { width: whole, height }] = useSize<HTMLDivElement>();
  // The values of the ends stand beside the line, never on it.
  const width = Math.max(0, whole - gutterPx);
  const canvas = useRef<HTMLCanvasElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const start = useRef<number | null>(null);
  const [band, setBand] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const tall = Math.max(1, height - 2 * pad);
  const [ends, setEnds] = useState<{ least: number | null; greatest: number | null }>({ least: null, greatest: null });

  useLayoutEffect(() => {
    const surface = canvas.current;
    if (!surface || width === 0) return;
    const path = miniPath({ x, y, range, width, height: tall, isLog });
    setEnds((before) =>
      before.least === path.least && before.greatest === path.greatest
        ? before
        : { least: path.least, greatest: path.greatest },
    );
    const context = surface.getContext('2d');
    if (!context) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const draw = () => {
      surface.width = Math.round(width * ratio);
      surface.height = Math.round(height * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, pad * ratio);
      context.strokeStyle = readToken(token);
      context.fillStyle = context.strokeStyle;
      context.lineWidth = 1.5;
      context.lineJoin = 'round';
      for (const segment of path.segments) {
        context.beginPath();
        segment.forEach(([left, top], at) => {
          if (at === 0) context.moveTo(left, top);
          else context.lineTo(left, top);
        });
        context.stroke();
        const [only] = segment;
        if (segment.length === 1 && only) context.fillRect(only[0] - 1.5, only[1] - 1.5, 3, 3);
      }
    };
    frame.draw(draw);
    const unsubscribe = onThemeChange(() => frame.draw(draw));
    return () => {
      frame.cancel(draw);
      unsubscribe();
    };
  }, [x, y, range, token, isLog, width, height, tall]);

  useEffect(() => {
    const show = (at: number | null) => {
      const index = at === null ? null : nearestIndex(x, at);
      const place = index === null ? null : (((x[index] as number) - range.min) / (range.max - range.min || 1)) * width;
      if (line.current) {
        line.current.style.visibility = place === null || place < 0 || place > width ? 'hidden' : 'visible';
        line.current.style.transform = `translateX(${place ?? 0}px)`;
      }
      onRead(index);
    };
    show(cursor.get());
    return cursor.subscribe(show);
  }, [cursor, x, range, width, onRead]);

  const placeOf = (event: PointerEvent<HTMLElement>) =>
    event.clientX - event.currentTarget.getBoundingClientRect().left;
  const valueAt = (place: number) => range.min + (place / Math.max(1, width)) * (range.max - range.min);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a pointer's shortcut; the large chart does the same by keyboard.
    <div
      ref={box}
      className="relative h-full w-full touch-pan-y"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = placeOf(event);
      }}
      onPointerMove={(event) => {
        const place = placeOf(event);
        cursor.set(valueAt(place));
        if (start.current !== null && Math.abs(place - start.current) > dragPx) {
          setBand({ from: Math.min(place, start.current), to: Math.max(place, start.current) });
        }
      }}
      onPointerUp={() => {
        start.current = null;
        if (band) onZoom({ min: valueAt(band.from), max: valueAt(band.to) });
        setBand(null);
      }}
      onPointerLeave={() => cursor.set(null)}
      onDoubleClick={() => onZoom(null)}
    >
      <canvas ref={canvas} aria-hidden className="block h-full" style={{ width }} />
      <div
        ref={line}
        aria-hidden
        className="pointer-events-none absolute inset-y-0 left-0 w-px bg-edge"
        style={{ visibility: 'hidden' }}
      />
      {band && (
        <div
          className="pointer-events-none absolute inset-y-0 bg-accent/20"
          style={{ left: band.from, width: band.to - band.from }}
        />
      )}
      {ends.greatest !== null && ends.least !== null && (
        <div
          aria-hidden
          className="pointer-events-none absolute inset-y-0 right-0 flex flex-col justify-between overflow-hidden text-right text-2xs leading-3 whitespace-nowrap text-muted"
          style={{ width: gutterPx }}
        >
          <span>{format(ends.greatest)}</span>
          <span>{format(ends.least)}</span>
        </div>
      )}
    </div>
  );
}
