import { type ReactNode, useId } from 'react';
import { classes } from '../../lib/classes.ts';

interface PanelProps {
  readonly title: string;
  /** Quiet words beside the title. Where they come later, undefined keeps a place for them. */
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly className?: string;
  readonly testId?: string;
  readonly children: ReactNode;
}

export function Panel(props: PanelProps) {
  const { title, note, actions, className, testId, children } = props;
  const id = useId();
  return (
    <section aria-labelledby={id} className={classes('panel min-w-0 p-4', className)} data-testid={testId}>
      <div className="mb-3 flex min-h-7 flex-wrap items-center justify-between gap-x-3 gap-y-2">
        <div
          className={classes(
            'flex flex-wrap items-baseline gap-x-3 gap-y-1',
            actions === undefined && 'grow justify-between',
          )}
        >
          <h2 id={id} className="text-sm font-medium text-soft">
            {title}
          </h2>
          {note !== undefined ? (
            <div className="text-xs text-muted">{note}</div>
          ) : (
            'note' in props && <div aria-hidden className="h-4 w-16" />
          )}
        </div>
        {actions !== undefined && actions !== false && <div className="min-w-0 wall:hidden">{actions}</div>}
      </div>
      {children}
    </section>
  );
}
