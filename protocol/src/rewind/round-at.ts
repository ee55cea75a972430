import type { ClientUpdate, Outcome, Round, RoundAttempt, Stop } from '../entities.ts';
import type { Past } from './past.ts';
import { attemptAt, isLater, isPast } from './past.ts';

/** A client's part in a round, without what was not known yet. `roundEnd` is the round's end as it was known then. */
export function partAt(part: ClientUpdate, roundEnd: string | null, atMs: number): ClientUpdate {
  const outcome = outcomeAt(part, roundEnd, atMs);
  if (isPast(part.submitted_at, atMs) || (part.submitted_at === null && outcome === part.outcome)) return part;
  const nothing = { train_loss: null, duration_ms: null, bytes_up: null, bytes_down: null, update_norm: null };
  const cosines = { cosine_to_mean: null, cosine_to_previous: null };
  return { ...part, ...nothing, ...cosines, outcome, metrics: {}, sample_count: null, error: null, submitted_at: null };
}

export function rewindRound(
  round: Round,
  past: Past,
  parts: readonly ClientUpdate[] | undefined,
  atMs: number,
): Round | null {
  const attempt = attemptAt(round, past, atMs);
  if (attempt === null) return null;
  const shown = attempt === round ? { ...round, ...stopAt(round, atMs) } : asEarlier(round, attempt as RoundAttempt);
  if (parts === undefined && shown.completed_at === null) return shown;
  const own = (parts ?? []).filter((part) => part.attempt === shown.attempt);
  if (isPast(shown.completed_at, atMs)) return correctCounts(shown, own, atMs);
  return openRound(shown, own, atMs);
}

function asEarlier(round: Round, attempt: RoundAttempt): Round {
  const { global_loss, global_accuracy } = attempt;
  const empty = { metrics: {}, model_version: null, update_norm: null, cosine_to_previous: null, deadline: null };
  return {
    ...round,
    ...empty,
    ...attempt,
    global_loss,
    global_accuracy,
    progress_percent: 100,
    stop: null,
    stop_requested_at: null,
    stop_reason: null,
  };
}

function openRound(round: Round, parts: readonly ClientUpdate[], atMs: number): Round {
  const counts = { complete: 0, failed: 0, no_reply: 0 };
  for (const part of parts) {
    const outcome = outcomeAt(part, null, atMs);
    if (outcome === 'complete' || outcome === 'failed' || outcome === 'no_reply') counts[outcome]++;
  }
  const expected = round.num_clients_expected;
  const settled = counts.complete + counts.failed + counts.no_reply;
  return {
    ...round,
    status: expected > 0 && settled === expected ? 'aggregating' : 'collecting',
    num_clients_completed: counts.complete,
    num_clients_failed: counts.failed,
    num_clients_no_reply: counts.no_reply,
    num_clients_unreported: 0,
    progress_percent: expected === 0 ? 0 : (100 * settled) / expected,
    completed_at: null,
    global_loss: null,
    global_accuracy: null,
    metrics: {},
    model_version: null,
    update_norm: null,
    cosine_to_previous: null,
    reason: null,
  };
}

const countOf = {
  complete: 'num_clients_completed',
  failed: 'num_clients_failed',
  no_reply: 'num_clients_no_reply',
  unreported: 'num_clients_unreported',
} as const;

/** Results that arrived after the round's end and after the moment had not been counted. */
function correctCounts(round: Round, parts: readonly ClientUpdate[], atMs: number): Round {
  const late = parts.filter(({ outcome, submitted_at }) => outcome !== 'pending' && isLater(submitted_at, atMs));
  if (late.length === 0) return round;
  const counts = { ...round };
  for (const { outcome } of late) {
    if (outcome === 'pending' || outcome === 'no_reply') continue;
    counts[countOf[outcome]]--;
    counts.num_clients_no_reply++;
  }
  return counts;
}

/** What was known of a part. A part of a round that is over is never open. */
export function outcomeAt({ outcome, submitted_at }: ClientUpdate, roundEnd: string | null, atMs: number): Outcome {
  const isOver = isPast(roundEnd, atMs);
  if (isPast(submitted_at, atMs)) return outcome;
  if (submitted_at === null) return isOver ? outcome : 'pending';
  return isOver ? 'no_reply' : 'pending';
}

/** A request to stop, as far as it had come. */
function stopAt(
  { stop, stop_requested_at, stop_reason }: Pick<Round, 'stop' | 'stop_requested_at' | 'stop_reason'>,
  atMs: number,
): Pick<Round, 'stop' | 'stop_requested_at' | 'stop_reason'> {
  const isKnown = isPast(stop_requested_at, atMs);
  return {
    stop: stopStateAt(stop, atMs),
    stop_requested_at: isKnown ? stop_requested_at : null,
    stop_reason: isKnown ? stop_reason : null,
  };
}

export function stopStateAt(stop: Stop | null, atMs: number): Stop | null {
  if (stop === null || isLater(stop.requested_at, atMs)) return null;
  if (!isLater(stop.ended_at, atMs) && !isLater(stop.delivered_at, atMs)) return stop;
  const delivered_at = isLater(stop.delivered_at, atMs) ? null : stop.delivered_at;
  const state = delivered_at === null ? 'requested' : 'delivered';
  return { ...stop, delivered_at, ended_at: null, state, detail: null };
}
