import type { AlertNotice, Severity } from '@rondo/protocol';
import { CircleAlert, Info, type LucideIcon, TriangleAlert, X } from 'lucide-react';
import { Link } from 'react-router';
import { useAlertToasts } from '../../hooks/useAlertToasts.ts';
import { classes } from '../../lib/classes.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { Button } from '../ui/Button.tsx';

const looks: Record<Severity, { readonly Icon: LucideIcon; readonly text: string; readonly edge: string }> = {
  critical: { Icon: CircleAlert, text: 'text-failed', edge: 'border-failed/60' },
  warning: { Icon: TriangleAlert, text: 'text-no-reply', edge: 'border-no-reply/60' },
  info: { Icon: Info, text: 'text-muted', edge: 'border-line' },
};

/** Alerts that arrived while this page was open. They stay until they are dismissed. */
export function AlertToasts() {
  const { shown, dismiss } = useAlertToasts();
  return (
    <section
      aria-label="Alerts"
      aria-live="polite"
      className="pointer-events-none fixed right-3 bottom-3 z-30 flex w-[min(380px,calc(100vw-24px))] flex-col gap-2"
    >
      {shown.map((notice) => (
        <Toast key={notice.delivery_id} notice={notice} onDismiss={() => dismiss(notice.delivery_id)} />
      ))}
    </section>
  );
}

function Toast({ notice, onDismiss }: { readonly notice: AlertNotice; readonly onDismiss: () => void }) {
  const { severity, title, text, run_id, num_alerts } = notice;
  const { Icon, text: tone, edge } = looks[severity];
  return (
    <div
      data-testid="alert-toast"
      className={classes('pointer-events-auto flex gap-2 rounded-panel border bg-panel p-3 text-sm shadow-lg', edge)}
    >
      <Icon aria-hidden size={16} className={classes('mt-0.5 shrink-0', tone)} />
      <div className="min-w-0 grow break-words">
        <p className="font-medium text-text">{title}</p>
        {num_alerts > 1 && <p className="mt-1 text-xs whitespace-pre-line text-soft">{text}</p>}
        <Link
          to={run_id === null ? '/settings/alerts' : runPath(run_id)}
          onClick={onDismiss}
          className="mt-1 inline-block min-h-6 text-xs text-accent hover:underline"
        >
          {run_id === null ? 'Show the alerts' : 'Show the run'}
        </Link>
      </div>
      <Button look="quiet" size="tinyIcon" aria-label="Dismiss the alert" onClick={onDismiss}>
        <X aria-hidden size={14} />
      </Button>
    </div>
  );
}
