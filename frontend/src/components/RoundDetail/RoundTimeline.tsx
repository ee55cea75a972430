import { type Client, type ClientUpdate, isRoundOver, type Round } from '@rondo/protocol';
import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useSize } from '../../charts/use-size.ts';
import { useSlowFLData } from '../../hooks/useFLData.ts';
import { useMoment } from '../../hooks/usePast.ts';
import { useSelectClient } from '../../hooks/useSelectClient.ts';
import { formatClock, formatDuration } from '../../lib/format.ts';
import { frame } from '../../lib/frame.ts';
import { onThemeChange } from '../../lib/theme.ts';
import { outcomeLooks } from '../ui/OutcomeText.tsx';
import { Panel } from '../ui/Panel.tsx';
import { drawTimeline, rowAt, rowHeightFor } from './draw-timeline.ts';
import { answerSentence, type Timeline, type TimelineRow, timelineOf } from './timeline.ts';

const everyMs = 500;
const noClients: Readonly<Record<string, Client>> = Object.create(null);

interface RoundTimelineProps {
  readonly round: Round;
  readonly updates: readonly ClientUpdate[];
}

/** Who took how long: each client from its selection to its answer, with the deadline and the median. */
export function RoundTimeline({ round, updates }: RoundTimelineProps) {
  const isOpen = !isRoundOver(round);
  const clients = useSlowFLData(
    ({ viewer }) => (isOpen && viewer.run_id === round.run_id ? viewer.clients : noClients),
    everyMs,
    Object.is,
    [round.run_id, isOpen],
  );
  // A round that is over does not change with the clock.
  const now = useMoment(isOpen ? everyMs : 3_600_000);
  const timeline = useMemo(() => timelineOf(round, updates, clients, now), [round, updates, clients, now]);
  if (updates.length === 0) return null;
  return (
    <Panel
      title="Timeline"
      note={answerSentence(timeline, timeOf) ?? 'the first to answer comes first'}
      testId="round-timeline"
    >
      <Chart timeline={timeline} />
      <Legend timeline={timeline} />
    </Panel>
  );
}

const timeOf = (ms: number): string => (ms === 0 ? '0' : ms < 10_000 ? formatDuration(ms) : formatClock(ms));

function describe({ client_id, outcome, trained_ms, end_ms, isUploading, progress }: TimelineRow): string {
  const parts = [
    isUploading ? 'uploading' : outcomeLooks[outcome].label,
    outcome === 'pending' || end_ms === null ? null : `after ${timeOf(end_ms)}`,
    trained_ms === null ? null : `trained ${timeOf(trained_ms)}`,
    progress === null || isUploading ? null : `${Math.round(progress * 100)} % done`,
  ];
  return `${client_id}: ${parts.filter((part) => part !== null).join(', ')}`;
}

function Chart({ timeline }: { readonly timeline: Timeline }) {
  const [box, { width, height }] = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const select = useSelectClient();
  const { rows } = timeline;
  const rowHeight = rowHeightFor(rows.length, height);

  useLayoutEffect(() => {
    const surface = canvas.current;
    const context = surface?.getContext('2d');
    if (!surface || !context || width === 0 || height === 0) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const draw = () => {
      const [wide, tall] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (surface.width !== wide) surface.width = wide;
      if (surface.height !== tall) surface.height = tall;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawTimeline(context, timeline, { width, height, rowHeight, at, formatTime: timeOf });
    };
    frame.draw(draw);
    const unsubscribe = onThemeChange(() => frame.draw(draw));
    return () => {
      frame.cancel(draw);
      unsubscribe();
    };
  }, [timeline, width, height, rowHeight, at]);

  const moveTo = (index: number) => setAt(Math.max(0, Math.min(rows.length - 1, index)));
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, () => void> = {
      ArrowDown: () => moveTo(at === null ? 0 : at + 1),
      ArrowUp: () => moveTo((at ?? rows.length) - 1),
      PageDown: () => moveTo((at ?? 0) + 10),
      PageUp: () => moveTo((at ?? rows.length) - 10),
      Home: () => moveTo(0),
      End: () => moveTo(rows.length - 1),
      Enter: () => at !== null && select(rows[at]?.client_id ?? null),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  const indexOf = (event: PointerEvent<HTMLElement>): number | null => {
    const y = event.clientY - event.currentTarget.getBoundingClientRect().top;
    return rowAt(y, rowHeight, rows.length);
  };
  const row = at === null ? undefined : rows[at];
  return (
    <>
      <div
        ref={box}
        role="slider"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label="Timeline of the clients, the first to answer first. Arrow keys move, Enter opens a client."
        aria-valuemin={1}
        aria-valuemax={rows.length}
        aria-valuenow={(at ?? 0) + 1}
        aria-valuetext={row ? describe(row) : `${rows.length} clients`}
        onKeyDown={onKeyDown}
        onBlur={() => setAt(null)}
        onPointerMove={(event) => setAt(indexOf(event))}
        onPointerLeave={() => setAt(null)}
        onClick={(event) => {
          const index = indexOf(event as unknown as PointerEvent<HTMLElement>);
          if (index !== null) select(rows[index]?.client_id ?? null);
        }}
        className="h-64 cursor-pointer rounded-control"
      >
        <canvas ref={canvas} aria-hidden className="block h-full w-full" />
      </div>
      <p aria-hidden dir="auto" className="mt-1 h-5 truncate text-xs text-muted">
        {row ? describe(row) : 'Point at a client for its times. A click opens it.'}
      </p>
    </>
  );
}

function Legend({ timeline: { deadline_ms, median_ms } }: { readonly timeline: Timeline }) {
  return (
    <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft" aria-label="Marks of the timeline">
      <Mark className="bg-accent">training, by the client's own report</Mark>
      <Mark className="bg-accent/40">the rest until its answer: sending, waiting, uploading</Mark>
      <Mark className="bg-failed">failed</Mark>
      <Mark className="bg-waiting">no answer yet, or none at all</Mark>
      {median_ms !== null && <li className="whitespace-nowrap">median {timeOf(median_ms)}</li>}
      {deadline_ms !== null && <li className="whitespace-nowrap text-no-reply">deadline {timeOf(deadline_ms)}</li>}
    </ul>
  );
}

function Mark({ className, children }: { readonly className: string; readonly children: string }) {
  return (
    <li className="flex items-center gap-2">
      <span aria-hidden className={`size-2.5 shrink-0 rounded-xs ${className}`} />
      {children}
    </li>
  );
}
