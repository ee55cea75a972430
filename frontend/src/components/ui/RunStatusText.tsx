import type { RunStatus } from '@rondo/protocol';
import { Check, Circle, type LucideIcon, OctagonX, X } from 'lucide-react';
import { classes } from '../../lib/classes.ts';

const looks: Record<RunStatus, { Icon: LucideIcon; text: string }> = {
  running: { Icon: Circle, text: 'text-returned' },
  complete: { Icon: Check, text: 'text-soft' },
  failed: { Icon: X, text: 'text-failed' },
  stopped: { Icon: OctagonX, text: 'text-no-reply' },
};

export function RunStatusText({ status }: { readonly status: RunStatus }) {
  const { Icon, text } = looks[status];
  return (
    <span className={classes('inline-flex items-center gap-1.5 whitespace-nowrap', text)}>
      <Icon
        aria-hidden
        size={status === 'running' ? 8 : 12}
        className={classes(status === 'running' && 'fill-current')}
      />
      {status}
    </span>
  );
}
