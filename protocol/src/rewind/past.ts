import type { Round, RoundAttempt, Run } from '../entities.ts';
import type { Matrix } from '../http/matrix-codec.ts';
import type { AttentionEpisode, Timeline } from '../http/timeline.ts';

/** What is stored of a run, as far as a past moment needs it. [G19] */
export interface Past {
  /** By number, oldest first. */
  readonly rounds: readonly Round[];
  readonly joinedAt: ReadonlyMap<string, number>;
  readonly attempts: ReadonlyMap<number, readonly RoundAttempt[]>;
  readonly episodes: readonly AttentionEpisode[];
  /** Null where the run has no named clients, or where it is not known yet. */
  readonly outcomes: Matrix | null;
}

interface StoredParts {
  readonly rounds: readonly Round[];
  readonly timeline: Timeline;
  readonly outcomes: Matrix | null;
}

/** Puts stored parts in the form in which many moments can be read from them. */
export function preparePast({ rounds, timeline, outcomes }: StoredParts): Past {
  const attempts = new Map<number, RoundAttempt[]>();
  for (const { round, ...attempt } of timeline.attempts) attempts.set(round, [...(attempts.get(round) ?? []), attempt]);
  const { client_id, joined_at } = timeline.clients;
  const joined = client_id.flatMap((id, at): [string, number][] => {
    const moment = joined_at[at] ?? null;
    return moment === null ? [] : [[id, Date.parse(moment)]];
  });
  return {
    rounds: [...rounds].sort((a, b) => a.round - b.round),
    joinedAt: new Map(joined),
    attempts,
    episodes: timeline.episodes,
    outcomes,
  };
}

/** The span of moments that can be shown; a run that runs ends now. */
export function spanOf(run: Run, nowMs: number): { readonly from: number; readonly to: number } {
  const from = Date.parse(run.started_at);
  return { from, to: Math.max(from, run.completed_at === null ? nowMs : Date.parse(run.completed_at)) };
}

/** The newest rounds whose parts are read. Older ones that were never closed keep the counts they have. */
const mostOpen = 8;

/** Rounds that were open at the moment, oldest first: their parts are needed to count them. */
export function openRoundsAt(past: Past, atMs: number): number[] {
  const open = past.rounds.filter((round) => {
    const shown = attemptAt(round, past, atMs);
    return shown !== null && !isPast(shown.completed_at, atMs);
  });
  return open.slice(-mostOpen).map(({ round }) => round);
}

/** The newest round that had started by the moment. */
export const roundAt = (past: Past, atMs: number): number | null =>
  past.rounds.findLast((round) => attemptAt(round, past, atMs) !== null)?.round ?? null;

export const isPast = (moment: string | null, atMs: number): boolean => moment !== null && Date.parse(moment) <= atMs;

type Attempt = Pick<RoundAttempt, 'attempt' | 'started_at' | 'completed_at'>;

/** The newest attempt of a round that had started by the moment. */
export function attemptAt(round: Round, { attempts }: Pick<Past, 'attempts'>, atMs: number): Attempt | null {
  if (isPast(round.started_at, atMs)) return round;
  return attempts.get(round.round)?.findLast(({ started_at }) => isPast(started_at, atMs)) ?? null;
}

export const isLater = (moment: string | null, atMs: number): boolean => moment !== null && Date.parse(moment) > atMs;
