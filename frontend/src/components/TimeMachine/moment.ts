import { formatCount, formatDuration, formatMomentToSecond, formatTimeOfDay } from '../../lib/format.ts';

export const speeds = [1, 10, 60, 600, 3_600] as const;

interface Span {
  readonly from: number;
  readonly to: number;
}

export const writeMoment = (atMs: number): string => new Date(atMs).toISOString();

export const clampMoment = (atMs: number, { from, to }: Span): number => Math.min(to, Math.max(from, Math.round(atMs)));

/** A hundredth of the run, and at least a second where the run is longer than that. */
export const stepOf = ({ from, to }: Span): number =>
  Math.max(Math.min(1_000, to - from), Math.round((to - from) / 100));

/** Where a key leads; null for a key that does nothing here. `starts` are the starts of the rounds, oldest first. */
export function momentOfKey(key: string, atMs: number, span: Span, starts: readonly number[]): number | null {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return clampMoment(atMs - stepOf(span), span);
    case 'ArrowRight':
    case 'ArrowUp':
      return clampMoment(atMs + stepOf(span), span);
    case 'PageDown':
      return clampMoment(starts.findLast((start) => start < atMs) ?? span.from, span);
    case 'PageUp':
      return clampMoment(starts.find((start) => start > atMs) ?? span.to, span);
    case 'Home':
      return span.from;
    case 'End':
      return span.to;
    default:
      return null;
  }
}

/** Where playing has come after some time; it ends at the end. */
export function playFrom(
  atMs: number,
  elapsedMs: number,
  speed: number,
  span: Span,
): { atMs: number; isOver: boolean } {
  const next = atMs + elapsedMs * speed;
  return { atMs: clampMoment(next, span), isOver: next >= span.to };
}

interface Words {
  readonly atMs: number;
  readonly span: Span;
  readonly isRunning: boolean;
  /** Undefined while it is not known. */
  readonly round: number | null | undefined;
  readonly numRounds: number | null;
}

/** What one sees, in words: "12:03:11, round 12 of 100, 4 min before the end". */
export function describeMoment({ atMs, span, isRunning, round, numRounds }: Words): string {
  const moment = new Date(atMs).toISOString();
  // A run of several days needs the date.
  const time = span.to - span.from > 20 * 3_600_000 ? formatMomentToSecond(moment) : formatTimeOfDay(moment);
  const of = numRounds === null ? '' : ` of ${formatCount(numRounds)}`;
  const where = round === null ? 'before the first round' : `round ${formatCount(round ?? 0)}${of}`;
  return [time, ...(round === undefined ? [] : [where]), distance(span.to - atMs, isRunning)].join(', ');
}

function distance(leftMs: number, isRunning: boolean): string {
  if (leftMs < 1_000) return isRunning ? 'now' : 'the end of the run';
  return isRunning ? `${formatDuration(leftMs)} ago` : `${formatDuration(leftMs)} before the end`;
}
