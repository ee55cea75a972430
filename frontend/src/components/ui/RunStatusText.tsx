import type { Run, RunStatus } from '@rondo/protocol';
import { Check, Circle, type LucideIcon, OctagonX, X } from 'lucide-react';
import { classes } from '../../lib/classes.ts';
import { type RunTone, toneOf } from '../../lib/run-face.ts';

const icons: Record<RunStatus, LucideIcon> = { running: Circle, complete: Check, failed: X, stopped: OctagonX };

const tones: Record<RunTone, string> = {
  good: 'text-returned',
  plain: 'text-soft',
  warning: 'text-no-reply',
  bad: 'text-failed',
};

/** The status as it was reported. A run in trouble has it in a warning tone. */
export function RunStatusText({ run }: { readonly run: Pick<Run, 'status' | 'condition'> }) {
  const { status } = run;
  const Icon = icons[status];
  return (
    <span className={classes('inline-flex items-center gap-1.5 whitespace-nowrap', tones[toneOf(run)])}>
      <Icon
        aria-hidden
        size={status === 'running' ? 8 : 12}
        className={classes(status === 'running' && 'fill-current')}
      />
      {status}
    </span>
  );
}
