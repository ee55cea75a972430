import { isRoundOver } from '@rondo/protocol';
import type { RoundRow, UpdateRow } from './state.ts';

/**
 * Keeps a round's account. [A1] [A2]
 *
 * selected = pending + complete + failed + no_reply. Some of the selected may have no name yet (a server that only says
 * how many it chose): they are pending while the round is open and no_reply once it is over.
 */
export function recount(round: RoundRow): RoundRow {
  const expected = Math.max(round.num_clients_expected, round.num_named);
  const unnamed = expected - round.num_named;
  const noReply = round.num_named_no_reply + (isRoundOver(round) ? unnamed : 0);
  const accounted = round.num_clients_completed + round.num_clients_failed + noReply;
  return {
    ...round,
    num_clients_expected: expected,
    num_clients_no_reply: noReply,
    progress_percent: expected === 0 ? (isRoundOver(round) ? 100 : 0) : (100 * accounted) / expected,
  };
}

type Outcome = UpdateRow['outcome'];

/** The round after one client's part went from `before` (null: not known by name until now) to `after`. */
export function moveOutcome(round: RoundRow, before: Outcome | null, after: Outcome): RoundRow {
  const change = (outcome: Outcome) => Number(after === outcome) - Number(before === outcome);
  return recount({
    ...round,
    num_named: round.num_named + (before === null ? 1 : 0),
    num_clients_completed: round.num_clients_completed + change('complete'),
    num_clients_failed: round.num_clients_failed + change('failed'),
    num_named_no_reply: round.num_named_no_reply + change('no_reply'),
  });
}

/** What is known of a client's part can only become more: late data wins over its absence. [A3] */
const weight: Record<Outcome, number> = { pending: 0, no_reply: 1, failed: 2, complete: 3 };

export const outweighs = (after: Outcome, before: Outcome | null): boolean =>
  before === null || weight[after] > weight[before];
