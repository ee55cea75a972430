import type { Round, RoundStatus } from '@rondo/protocol';
import { Check, X } from 'lucide-react';
import { Fragment } from 'react';
import { classes } from '../../lib/classes.ts';

const phases = ['selected', 'collecting', 'aggregating', 'complete'] as const;

/** How many phases are done, by status; a round that ended early stopped where it was collecting. */
const phasesDone: Record<RoundStatus, number> = {
  waiting: 0,
  collecting: 1,
  aggregating: 2,
  complete: 4,
  failed: 1,
  stopped: 1,
};

interface RoundPhasesProps {
  readonly round: Round;
  /** Nothing goes on in a round of a run that is over, even if it was never closed. [B10] */
  readonly isRunOver: boolean;
}

export function RoundPhases({ round: { status }, isRunOver }: RoundPhasesProps) {
  const done = phasesDone[status];
  const wasLeftOpen = isRunOver && done < phases.length && status !== 'failed' && status !== 'stopped';
  const endedEarly = wasLeftOpen || status === 'failed' || status === 'stopped';
  return (
    <ol aria-label="Phases of the round" className="flex flex-wrap items-center gap-x-1.5 gap-y-1 text-xs">
      {phases.map((phase, index) => {
        const isDone = index < done;
        const isNow = index === done;
        return (
          <Fragment key={phase}>
            {index > 0 && <li aria-hidden className="h-px w-2 bg-line max-sm:hidden" />}
            <li
              aria-current={isNow ? 'step' : undefined}
              className={classes(
                'flex items-center gap-1.5',
                isNow ? 'font-semibold' : 'text-muted',
                isNow && (endedEarly ? 'text-failed' : 'text-text'),
              )}
            >
              {isDone && <Check aria-hidden size={12} className="text-returned" />}
              {isNow && !endedEarly && <span aria-hidden className="size-2 rounded-full bg-current" />}
              {isNow && endedEarly && <X aria-hidden size={12} />}
              {!(isNow && endedEarly) ? phase : wasLeftOpen ? 'never closed' : status}
              {isDone && <span className="sr-only">done</span>}
            </li>
          </Fragment>
        );
      })}
    </ol>
  );
}
