import type { Round, Run } from '@rondo/protocol';

export interface EndWords {
  readonly text: string;
  readonly isBad: boolean;
}

const because = (reason: string | null): string => (reason ? `: ${reason}` : '');

/** How the run or its last round ended, if it did in a way worth saying. */
export function describeEnd(round: Round, run: Run): EndWords | null {
  if (run.status === 'failed') return { text: `The run failed${because(run.reason)}`, isBad: true };
  if (run.status === 'stopped') return { text: `The run was stopped${because(run.reason)}`, isBad: true };
  if (round.status === 'failed') return { text: `Round ${round.round} failed${because(round.reason)}`, isBad: true };
  if (round.status === 'stopped') {
    return { text: `Round ${round.round} was stopped${because(round.stop_reason ?? round.reason)}`, isBad: true };
  }
  if (run.status === 'complete') return { text: 'The run is complete.', isBad: false };
  return null;
}
