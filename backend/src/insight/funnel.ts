import { type Funnel, isRoundOver, outcomeCodes } from '@rondo/protocol';
import type { RoundAccount } from '../db/tables/insight.ts';
import { type Columns, flag } from './columns.ts';
import type { RoundRow } from './rounds.ts';

/**
 * The outcomes of a round's named clients. A client counts as started if it shows work: a result or a failure.
 * A result after the round's end counts as returned, but not as counted. [G7]
 */
export function accountOf({ outcome, flags, values }: Columns): RoundAccount {
  const account = { started: 0, returned: 0, counted: 0, wasted_ms: 0 };
  for (let at = 0; at < outcome.length; at++) {
    const isComplete = outcome[at] === outcomeCodes.complete;
    const isLate = ((flags[at] as number) & flag.late) !== 0;
    const duration = values.duration_ms[at] as number;
    const hasWorked = isComplete || outcome[at] === outcomeCodes.failed;
    account.started += Number(hasWorked);
    account.returned += Number(isComplete);
    account.counted += Number(isComplete && !isLate);
    if (hasWorked && (!isComplete || isLate) && duration > 0) account.wasted_ms += duration;
  }
  return account;
}

interface Counted {
  readonly row: Pick<RoundRow, 'num_clients_expected' | 'status'>;
  readonly account: RoundAccount;
  /** Clients that train now and have reported nothing yet. */
  readonly training?: number;
}

/** Selected → started → returned → counted. [G7] */
export function funnelOf(rounds: readonly Counted[]): Funnel {
  const sum = { selected: 0, started: 0, returned: 0, counted: 0, wasted_ms: 0 };
  for (const { row, account, training = 0 } of rounds) {
    sum.selected += row.num_clients_expected;
    sum.started += account.started + training;
    sum.returned += account.returned;
    sum.counted += account.counted;
    sum.wasted_ms += account.wasted_ms;
  }
  const isOver = rounds.every(({ row }) => isRoundOver(row));
  const wasted_share = sum.started === 0 || !isOver ? null : (sum.started - sum.counted) / sum.started;
  return { ...sum, wasted_share };
}
