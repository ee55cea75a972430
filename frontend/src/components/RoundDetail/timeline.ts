import type { Client, ClientUpdate, Outcome, Round } from '@rondo/protocol';
import { medianOf } from '../../charts/histogram/bins.ts';

/** One client's part over time, in milliseconds since the start of the round. */
export interface TimelineRow {
  readonly client_id: string;
  readonly outcome: Outcome;
  /** Up to here it trained, by its own report; null where it did not report a duration. */
  readonly trained_ms: number | null;
  /** When its result or failure arrived; for a part that is open, now. Null where that is not known. */
  readonly end_ms: number | null;
  /** An open part that is being uploaded. */
  readonly isUploading: boolean;
  readonly progress: number | null;
}

export interface Timeline {
  /** The first to end comes first; those that are open or never answered come last. */
  readonly rows: readonly TimelineRow[];
  readonly span_ms: number;
  readonly deadline_ms: number | null;
  /** Half of the clients that returned had done so by then. */
  readonly median_ms: number | null;
  readonly completed_ms: number | null;
}

const hasEnded = ({ outcome, end_ms }: TimelineRow): boolean =>
  (outcome === 'complete' || outcome === 'failed') && end_ms !== null;

/** What is known of each client's time in the round. `now` is the server's clock. */
export function timelineOf(
  round: Pick<Round, 'round' | 'started_at' | 'completed_at' | 'deadline'>,
  updates: readonly ClientUpdate[],
  clients: Readonly<Record<string, Client>>,
  now: number,
): Timeline {
  const start = Date.parse(round.started_at);
  const since = (moment: string | null) => (moment === null ? null : Math.max(0, Date.parse(moment) - start));
  const completed_ms = since(round.completed_at);
  const now_ms = completed_ms ?? Math.max(0, now - start);
  const rows = updates.map((update): TimelineRow => {
    const client = clients[update.client_id];
    const isOpen = update.outcome === 'pending';
    const isHere = isOpen && client !== undefined && client.current_round === round.round;
    const end_ms = isOpen ? now_ms : since(update.submitted_at);
    return {
      client_id: update.client_id,
      outcome: update.outcome,
      trained_ms: update.duration_ms === null ? null : Math.min(update.duration_ms, end_ms ?? update.duration_ms),
      end_ms,
      isUploading: isHere && client.status === 'uploading',
      progress: isHere ? client.progress : null,
    };
  });
  const place = (row: TimelineRow) => (hasEnded(row) ? (row.end_ms as number) : Number.MAX_VALUE);
  rows.sort((a, b) => place(a) - place(b) || (a.client_id < b.client_id ? -1 : 1));
  const returned = rows.filter(({ outcome, end_ms }) => outcome === 'complete' && end_ms !== null);
  const deadline_ms = since(round.deadline);
  const ends = rows.map(({ end_ms }) => end_ms ?? 0);
  return {
    rows,
    span_ms: Math.max(1, now_ms, deadline_ms !== null && deadline_ms < 3 * now_ms ? deadline_ms : 0, ...maxOf(ends)),
    deadline_ms,
    median_ms: medianOf(returned.map(({ end_ms }) => end_ms as number)),
    completed_ms,
  };
}

/** `Math.max(...values)` of 10,000 values would be 10,000 arguments. */
const maxOf = (values: readonly number[]): readonly number[] => [values.reduce((a, b) => Math.max(a, b), 0)];

/** "97 % had answered after 57 s, the last after 197 s." Null while fewer than two have answered. */
export function answerSentence({ rows }: Timeline, formatTime: (ms: number) => string): string | null {
  const ends = rows.filter(hasEnded).map(({ end_ms }) => end_ms as number);
  const last = ends.at(-1);
  if (last === undefined || ends.length < 2) return null;
  // Where the tail begins: the share that is past two thirds of the way to the last.
  const early = ends.filter((end) => end <= last * 0.67).length;
  const share = early / rows.length;
  const at = ends[early - 1];
  if (at === undefined || early === ends.length)
    return `The first had answered after ${formatTime(ends[0] as number)}, the last after ${formatTime(last)}.`;
  return `${Math.floor(share * 100)} % had answered after ${formatTime(at)}, the last after ${formatTime(last)}.`;
}
