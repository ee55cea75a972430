import { isRoundOver, type Round, type Run } from '@rondo/protocol';

export interface EndWords {
  readonly text: string;
  /** As it was reported; it may have many lines. */
  readonly reason: string | null;
  readonly isBad: boolean;
}

const bad = (text: string, reason: string | null): EndWords => ({ text, reason: reason || null, isBad: true });

/** How the run or its last round ended, if it did in a way worth saying. */
export function describeEnd(round: Round, run: Run): EndWords | null {
  if (run.status === 'failed') return bad('The run failed', run.reason);
  if (run.status === 'stopped') return bad('The run was stopped', run.reason);
  if (round.status === 'failed') return bad(`Round ${round.round} failed`, round.reason);
  if (round.status === 'stopped') return bad(`Round ${round.round} was stopped`, round.stop_reason ?? round.reason);
  if (run.status !== 'complete') return null;
  const open = isRoundOver(round) ? '' : ` Its FL server never closed round ${round.round}.`;
  return { text: `The run is complete.${open}`, reason: null, isBad: false };
}
