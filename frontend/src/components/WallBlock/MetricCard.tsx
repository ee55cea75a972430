import type { Series } from '@rondo/protocol';
import { Pin, PinOff } from 'lucide-react';
import { memo, useCallback, useMemo, useRef } from 'react';
import { Link } from 'react-router';
import { MiniChart } from '../../charts/mini/MiniChart.tsx';
import type { SharedCursor } from '../../charts/mini/shared-cursor.ts';
import { xFormats } from '../../charts/options.ts';
import { smooth } from '../../charts/smooth.ts';
import type { Range } from '../../charts/types.ts';
import { formatNumber, noValue } from '../../lib/format.ts';
import { tokenOfName } from '../../lib/metric-wall.ts';
import { isPlottable, numberOf } from '../../lib/values.ts';
import { Button } from '../ui/Button.tsx';
import type { ChartView } from '../ui/chart-view.ts';

export interface CardProps {
  readonly name: string;
  /** Undefined while it is on its way. */
  readonly series: Series | undefined;
  readonly view: ChartView;
  readonly cursor: SharedCursor;
  readonly isPinned: boolean;
  readonly onPin: (name: string) => void;
  readonly onZoom: (range: Range | null) => void;
  /** The address of the large chart. */
  readonly to: string;
}

/** One series, small: its name, its value at the cursor, and its line. */
export const MetricCard = memo(function MetricCard(props: CardProps) {
  const { name, series, view, cursor, isPinned, onPin, onZoom, to } = props;
  const readout = useRef<HTMLSpanElement>(null);
  const points = useMemo(
    () => (series === undefined ? null : pointsOf(series, view.smoothing)),
    [series, view.smoothing],
  );
  const last = points?.raw.findLast((value) => value !== null) ?? null;
  const range = useMemo(() => view.zoom ?? extentOf(points?.x ?? []), [view.zoom, points]);
  const lastText = last === null ? noValue : formatNumber(last);
  const onRead = useCallback(
    (index: number | null) => {
      if (!readout.current) return;
      const at = index === null ? undefined : points?.x[index];
      const value = index === null ? null : (points?.raw[index] ?? null);
      readout.current.textContent =
        at === undefined ? lastText : `${xFormats[view.x.kind](at)}: ${value === null ? noValue : formatNumber(value)}`;
    },
    [points, lastText, view.x.kind],
  );
  return (
    <article
      aria-label={name}
      data-testid="metric-card"
      data-name={name}
      className="flex min-w-0 flex-col rounded-control border border-line p-2"
    >
      <div className="flex min-h-6 items-center gap-1">
        <span aria-hidden className="size-2 shrink-0 rounded-xs" style={{ background: `var(${tokenOfName(name)})` }} />
        <Link
          to={to}
          title={name}
          dir="auto"
          className="min-w-0 grow truncate text-xs leading-6 text-soft hover:text-accent hover:underline"
        >
          {name}
        </Link>
        <span ref={readout} className="shrink-0 text-xs font-medium text-text">
          {lastText}
        </span>
        <Button
          look="quiet"
          size="tinyIcon"
          aria-label={`${isPinned ? 'Unpin' : 'Pin'} ${name}`}
          aria-pressed={isPinned}
          title={isPinned ? 'Unpin' : 'Pin to the top and to the overview'}
          onClick={() => onPin(name)}
        >
          {isPinned ? <PinOff aria-hidden size={12} /> : <Pin aria-hidden size={12} />}
        </Button>
      </div>
      <div className="min-h-0 grow">
        {points === null ? (
          <div className="h-full animate-pulse rounded-control bg-raised" />
        ) : points.x.length === 0 ? (
          <p className="pt-6 text-center text-2xs text-muted">no value on this axis</p>
        ) : (
          <MiniChart
            x={points.x}
            y={points.y}
            range={range}
            token={tokenOfName(name)}
            isLog={view.yMode === 'log'}
            cursor={cursor}
            format={formatNumber}
            onRead={onRead}
            onZoom={onZoom}
          />
        )}
      </div>
      {points !== null && points.nonFinite > 0 && (
        <p className="sr-only">{points.nonFinite} values are NaN or infinite</p>
      )}
    </article>
  );
});

/** The values of a series at rising places of x; one without a place is left out. */
export function pointsOf({ step, value, x }: Series, smoothing: number) {
  const places = (x ?? step) as readonly (number | null)[];
  const rows = value
    .map((each, at) => ({ x: places[at] ?? null, y: numberOf(each) }))
    .filter((row): row is { x: number; y: number | null } => row.x !== null);
  if (x !== undefined) rows.sort((a, b) => a.x - b.x);
  const raw = rows.map(({ y }) => y);
  const drawable = raw.map((y) => (isPlottable(y) ? y : null));
  return {
    x: rows.map((row) => row.x),
    y: smoothing > 0 ? smooth(drawable, smoothing) : drawable,
    raw,
    nonFinite: raw.filter((y) => y !== null && !Number.isFinite(y)).length,
  };
}

function extentOf(x: readonly number[]): Range {
  const [min, max] = [x[0] ?? 0, x.at(-1) ?? 1];
  return max > min ? { min, max } : { min: min - 1, max: max + 1 };
}
