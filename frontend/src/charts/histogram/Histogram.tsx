import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { classes } from '../../lib/classes.ts';
import { formatCount, plural } from '../../lib/format.ts';
import type { Range } from '../types.ts';
import type { Binned } from './bins.ts';

interface HistogramProps {
  readonly label: string;
  readonly binned: Binned;
  readonly format: (value: number) => string;
  /** The values that are chosen; null is all of them. */
  readonly chosen: Range | null;
  readonly onChoose: (range: Range | null) => void;
}

const height = 56;

/**
 * Bars of how many clients lie where. A drag chooses bars, a click one, a click on the chosen one all again. By keyboard
 * the arrows move over the bars, with shift they choose several, Enter chooses one, Escape all.
 */
export function Histogram({ label, binned, format, chosen, onChoose }: HistogramProps) {
  const { bins, median } = binned;
  const [at, setAt] = useState<number | null>(null);
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const anchor = useRef<number | null>(null);
  const tallest = Math.max(1, ...bins.map(({ count }) => count));

  const rangeOf = (a: number, b: number): Range => ({
    min: bins[Math.min(a, b)]?.from ?? 0,
    max: bins[Math.max(a, b)]?.to ?? 0,
  });
  const isChosen = (index: number): boolean => {
    if (drag) return index >= Math.min(drag.from, drag.to) && index <= Math.max(drag.from, drag.to);
    const bin = bins[index];
    if (chosen === null || bin === undefined) return true;
    const middle = bin.from / 2 + bin.to / 2;
    return middle >= chosen.min && middle <= chosen.max;
  };
  const choose = (a: number, b: number) => {
    const next = rangeOf(a, b);
    onChoose(chosen !== null && chosen.min === next.min && chosen.max === next.max ? null : next);
  };
  const indexAt = (event: PointerEvent<HTMLElement>): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.max(
      0,
      Math.min(bins.length - 1, Math.floor(((event.clientX - left) / Math.max(1, width)) * bins.length)),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const from = at ?? 0;
    const move = (to: number) => {
      const next = Math.max(0, Math.min(bins.length - 1, to));
      if (event.shiftKey) {
        anchor.current ??= from;
        onChoose(rangeOf(anchor.current, next));
      } else anchor.current = null;
      setAt(next);
    };
    const acts: Record<string, () => void> = {
      ArrowLeft: () => move(from - 1),
      ArrowRight: () => move(at === null ? 0 : from + 1),
      Home: () => move(0),
      End: () => move(bins.length - 1),
      Enter: () => choose(from, from),
      ' ': () => choose(from, from),
      Escape: () => onChoose(null),
    };
    const act = acts[event.key];
    if (!act || (event.key === 'Escape' && chosen === null)) return;
    event.preventDefault();
    act();
  };

  const bin = at === null ? undefined : bins[at];
  const words = bin ? `${format(bin.from)} to ${format(bin.to)}: ${plural(bin.count, 'client')}` : null;
  return (
    <figure className="min-w-0" data-testid="histogram">
      <figcaption className="mb-1 flex items-baseline justify-between gap-2 text-xs text-muted">
        <span className="truncate">{label}</span>
        <span aria-hidden className="truncate text-2xs">
          {words ?? (median === null ? '' : `median ${format(median)}`)}
        </span>
      </figcaption>
      <div
        role="slider"
        tabIndex={0}
        aria-label={`${label}, histogram. Arrow keys move, Enter chooses, Escape shows all.`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, bins.length - 1)}
        aria-valuenow={at ?? 0}
        aria-valuetext={words ?? `${bins.length} bars`}
        onKeyDown={onKeyDown}
        onBlur={() => setAt(null)}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const index = indexAt(event);
          setDrag({ from: index, to: index });
        }}
        onPointerMove={(event) => {
          const index = indexAt(event);
          setAt(index);
          if (drag) setDrag({ ...drag, to: index });
        }}
        onPointerUp={() => {
          if (drag) choose(drag.from, drag.to);
          setDrag(null);
        }}
        onPointerLeave={() => setAt(null)}
        className="cursor-crosshair touch-pan-y rounded-[3px]"
      >
        <svg
          aria-hidden
          viewBox={`0 0 ${Math.max(1, bins.length)} ${height}`}
          preserveAspectRatio="none"
          className="block h-14 w-full border-b border-edge"
        >
          <title>{label}</title>
          {bins.map(({ count, from }, index) => {
            // A count of one among thousands is still seen.
            const tall = count === 0 ? 0 : Math.max(2, (count / tallest) * (height - 2));
            return (
              <rect
                key={from}
                x={index + 0.08}
                y={height - tall}
                width={0.84}
                height={tall}
                className={classes(isChosen(index) ? 'fill-accent' : 'fill-edge', index === at && 'opacity-70')}
              />
            );
          })}
        </svg>
      </div>
      <div className="mt-0.5 flex justify-between gap-2 text-2xs text-muted">
        <span>{bins[0] ? format(bins[0].from) : ''}</span>
        {binned.isLog && <span>log scale</span>}
        <span>{bins.length > 0 ? format((bins.at(-1) as { to: number }).to) : ''}</span>
      </div>
      {binned.nonFinite > 0 && (
        <p className="text-2xs text-no-reply">{formatCount(binned.nonFinite)} NaN or infinite, in no bar</p>
      )}
    </figure>
  );
}
