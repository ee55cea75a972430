import { isRoundOver } from '@rondo/protocol';
import type { RoundRow, UpdateRow } from './state.ts';

/**
 * Keeps a round's account. [A1] [A2]
 *
 * selected = pending + complete + failed + no_reply + unreported. Some of the selected may have no name (a server that
 * only says how many it chose): they are pending while the round is open. Once it is over they are what its end counted,
 * and `unreported` where it counted nothing.
 */
export function recount(round: RoundRow): RoundRow {
  const settled = round.num_named_completed + round.num_named_failed + round.num_named_no_reply;
  const expected = Math.max(round.num_clients_expected, round.num_named);
  const loose = expected - settled;
  const isOver = isRoundOver(round);
  const completed = isOver ? Math.min(round.counted_completed, loose) : 0;
  const failed = isOver ? Math.min(round.counted_failed, loose - completed) : 0;
  const noReply = isOver ? Math.min(round.counted_no_reply, loose - completed - failed) : 0;
  return {
    ...round,
    num_clients_expected: expected,
    num_clients_completed: round.num_named_completed + completed,
    num_clients_failed: round.num_named_failed + failed,
    num_clients_no_reply: round.num_named_no_reply + noReply,
    num_clients_unreported: isOver ? loose - completed - failed - noReply : 0,
    progress_percent: isOver ? 100 : expected === 0 ? 0 : (100 * settled) / expected,
  };
}

type Outcome = UpdateRow['outcome'];

/** The round after one client's part went from `before` (null: not known by name until now) to `after`. */
export function moveOutcome(round: RoundRow, before: Outcome | null, after: Outcome): RoundRow {
  const change = (outcome: Outcome) => Number(after === outcome) - Number(before === outcome);
  const moved: RoundRow = {
    ...round,
    num_named: round.num_named + (before === null ? 1 : 0),
    num_named_completed: round.num_named_completed + change('complete'),
    num_named_failed: round.num_named_failed + change('failed'),
    num_named_no_reply: round.num_named_no_reply + change('no_reply'),
  };
  return recount(unname(moved, after));
}

const countedAs = {
  complete: 'counted_completed',
  failed: 'counted_failed',
  no_reply: 'counted_no_reply',
} as const;

/** A client that gets a name after the round's end was one of those that the end counted, if it counted all. */
function unname(round: RoundRow, outcome: Outcome): RoundRow {
  const counted = round.counted_completed + round.counted_failed + round.counted_no_reply;
  const settled = round.num_named_completed + round.num_named_failed + round.num_named_no_reply;
  if (counted === 0 || counted + settled <= round.num_clients_expected) return round;
  const own = outcome === 'pending' || outcome === 'unreported' ? undefined : countedAs[outcome];
  const columns = [own, 'counted_no_reply', 'counted_failed', 'counted_completed'] as const;
  const column = columns.find((one) => one !== undefined && round[one] > 0);
  return column ? { ...round, [column]: round[column] - 1 } : round;
}

interface Counts {
  readonly num_clients_completed?: number | null | undefined;
  readonly num_clients_failed?: number | null | undefined;
  readonly num_clients_no_reply?: number | null | undefined;
}

export const hasCounts = (counts: Counts): boolean =>
  [counts.num_clients_completed, counts.num_clients_failed, counts.num_clients_no_reply].some((count) => count != null);

/** Accounts for the clients that a round's end counts but does not name. [A4] */
export function countUnnamed(round: RoundRow, counts: Counts): RoundRow {
  if (!hasCounts(counts)) return round;
  const said = [counts.num_clients_completed, counts.num_clients_failed, counts.num_clients_no_reply];
  const named = [round.num_named_completed, round.num_named_failed, round.num_named_no_reply];
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  let unnamed = said.map((count) => count ?? 0);
  const expected = round.num_clients_expected;
  // Some frameworks also count the named clients: then the sum is the whole selection.
  if (sum(unnamed) + sum(named) > expected && sum(unnamed) <= expected)
    unnamed = unnamed.map((count, index) => Math.max(0, count - (named[index] ?? 0)));
  const [completed = 0, failed = 0, noReply = 0] = unnamed;
  return {
    ...round,
    num_clients_expected: Math.max(expected, sum(unnamed) + sum(named)),
    counted_completed: completed,
    counted_failed: failed,
    counted_no_reply: noReply,
  };
}

/** A client's outcome only gains information: late data replaces a missing result. [A3] */
const weight: Record<Outcome, number> = { pending: 0, unreported: 1, no_reply: 2, failed: 3, complete: 4 };

export const outweighs = (after: Outcome, before: Outcome | null): boolean =>
  before === null || weight[after] > weight[before];
