import type { ClientUpdate, Outcome } from '@rondo/protocol';
import { Check, Circle, CircleHelp, type LucideIcon, Minus, X } from 'lucide-react';
import { classes } from '../../lib/classes.ts';
import { mainLineOf } from '../../lib/failure-reasons.ts';

export const outcomeLooks: Record<Outcome, { label: string; Icon: LucideIcon; text: string }> = {
  complete: { label: 'returned', Icon: Check, text: 'text-returned' },
  failed: { label: 'failed', Icon: X, text: 'text-failed' },
  no_reply: { label: 'no reply', Icon: Minus, text: 'text-no-reply' },
  unreported: { label: 'not reported', Icon: CircleHelp, text: 'text-muted' },
  pending: { label: 'pending', Icon: Circle, text: 'text-muted' },
};

/** What became of a client's part in a round, by word, shape and colour. */
export function OutcomeText({ outcome }: { readonly outcome: Outcome }) {
  const { label, Icon, text } = outcomeLooks[outcome];
  return (
    <span className={classes('inline-flex items-center gap-1.5 whitespace-nowrap', text)}>
      <Icon aria-hidden size={12} strokeWidth={2.5} />
      {label}
    </span>
  );
}

/** The same with the main line of its error, and all of that as a title. */
export function OutcomeAndError({
  outcome,
  error,
  className,
}: Pick<ClientUpdate, 'outcome' | 'error'> & { readonly className?: string }) {
  return (
    <span className={classes('flex items-center gap-2', className)}>
      <OutcomeText outcome={outcome} />
      {error !== null && (
        <span title={error} className="min-w-0 truncate text-xs text-muted">
          {mainLineOf(error)}
        </span>
      )}
    </span>
  );
}
