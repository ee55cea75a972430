import type { Client, Model, Outcome, Round } from './entities.ts';
import type { ViewerState } from './viewer-state.ts';

/** The round's account: the five parts always add up to `selected`. [A1] */
export interface Account {
  readonly selected: number;
  readonly pending: number;
  readonly complete: number;
  readonly failed: number;
  readonly no_reply: number;
  /** The round is over, and the FL server never said what became of these. */
  readonly unreported: number;
}

export function accountOf(round: Round): Account {
  const selected = round.num_clients_expected;
  const complete = round.num_clients_completed;
  const failed = round.num_clients_failed;
  const no_reply = round.num_clients_no_reply;
  const unreported = round.num_clients_unreported;
  const pending = selected - complete - failed - no_reply - unreported;
  return { selected, pending, complete, failed, no_reply, unreported };
}

export const isRoundOver = ({ status }: Pick<Round, 'status'>): boolean =>
  status === 'complete' || status === 'failed' || status === 'stopped';

/** Newest first. */
export const roundsOf = ({ rounds }: Pick<ViewerState, 'rounds'>): Round[] => Object.values(rounds).reverse();

/** The round that is running, else the last one. */
export function currentRoundOf({ rounds }: Pick<ViewerState, 'rounds'>): Round | null {
  // Every visible client asks this in every frame, so the answer is kept for as long as the rounds are the same.
  const known = newest.get(rounds);
  if (known !== undefined) return known;
  const current = Object.values(rounds).at(-1) ?? null;
  newest.set(rounds, current);
  return current;
}

const newest = new WeakMap<ViewerState['rounds'], Round | null>();

/** Clients without an outcome in `round`, longest silent first. */
export const awaitedClientsOf = (state: Pick<ViewerState, 'clients'>, round: number): Client[] =>
  Object.values(state.clients)
    .filter((client) => client.current_round === round && client.round_outcome === 'pending')
    .sort((a, b) => a.last_heartbeat.localeCompare(b.last_heartbeat));

/** Newest first. */
export const modelsOf = ({ models }: Pick<ViewerState, 'models'>): Model[] =>
  Object.values(models).sort((a, b) => b.created_at.localeCompare(a.created_at));

/** How a client shows: what became of its part in the round first, then what it says of itself. [B7] */
export type ClientFace =
  | 'returned'
  | 'failed'
  | 'no_reply'
  | 'unreported'
  | 'training'
  | 'uploading'
  | 'idle'
  | 'offline';

const faceOfOutcome: Record<Exclude<Outcome, 'pending'>, ClientFace> = {
  complete: 'returned',
  failed: 'failed',
  no_reply: 'no_reply',
  unreported: 'unreported',
};

/** In a run that is over presence says nothing, and a part that is still open was never reported. */
export function clientFace(client: Client, currentRound: number | null, isRunOver = false): ClientFace {
  const outcome = client.current_round === currentRound ? client.round_outcome : null;
  if (outcome !== null && outcome !== 'pending') return faceOfOutcome[outcome];
  if (isRunOver) return outcome === null ? 'idle' : 'unreported';
  return client.is_online ? client.status : 'offline';
}

const durationMs = (round: Round): number | null =>
  round.completed_at === null ? null : Date.parse(round.completed_at) - Date.parse(round.started_at);

/** Median duration of the newest `window` finished rounds, in milliseconds. */
export function medianRoundMs(rounds: readonly Round[], window = 20): number | null {
  const durations = rounds
    .map(durationMs)
    .filter((ms) => ms !== null)
    .slice(0, window)
    .sort((a, b) => a - b);
  const middle = durations.length >> 1;
  if (durations.length === 0) return null;
  const upper = durations[middle] as number;
  return durations.length % 2 ? upper : ((durations[middle - 1] as number) + upper) / 2;
}

/**
 * Time left in a run of `numRounds`, in milliseconds: whole rounds at their median, less what the running round has used.
 * `null` when nothing is known yet or the run has no planned end.
 */
export function remainingMs(state: ViewerState, nowMs: number): number | null {
  const rounds = roundsOf(state);
  const current = rounds[0];
  const median = medianRoundMs(rounds);
  const numRounds = state.run?.num_rounds ?? null;
  if (!current || median === null || numRounds === null) return null;
  const wholeRounds = Math.max(0, numRounds - current.round) * median;
  const inThisRound = isRoundOver(current) ? 0 : Math.max(0, median - (nowMs - Date.parse(current.started_at)));
  return wholeRounds + inThisRound;
}
