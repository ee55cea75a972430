import { RefreshCw, X } from 'lucide-react';
import { useNow } from '../../hooks/useNow.ts';
import { classes } from '../../lib/classes.ts';
import { Button } from './Button.tsx';

interface PartFailureProps {
  readonly what: string;
  readonly reason: 'unreachable' | 'replaced';
  readonly retry_at: number;
  readonly onRetry: () => void;
  /** Given for a dialog: the message floats above the page and can be closed. */
  readonly onDismiss: (() => void) | undefined;
}

/** Stands in the place of a part whose code could not be fetched. */
export function PartFailure({ what, reason, retry_at, onRetry, onDismiss }: PartFailureProps) {
  const seconds = Math.max(1, Math.ceil((retry_at - useNow(500)) / 1_000));
  const isReplaced = reason === 'replaced';
  return (
    <section
      aria-label={what}
      data-testid="part-failure"
      data-reason={reason}
      className={classes(
        'panel flex flex-wrap items-center gap-x-4 gap-y-2 border-no-reply/60 p-4 text-sm whitespace-normal text-soft',
        onDismiss && 'fixed right-4 bottom-4 z-50 max-w-[min(440px,calc(100vw-32px))] text-left',
      )}
    >
      {/* The countdown is not announced: it would never stop talking. */}
      <p role="status" className="min-w-0 grow basis-56">
        {isReplaced ? (
          'This part could not be loaded. A new version is running. Reload to use it; the address is kept.'
        ) : (
          <>
            This part could not be loaded. The server cannot be reached;{' '}
            <span aria-hidden>it is tried again in {seconds} s.</span>
            <span className="sr-only">it is tried again by itself.</span>
          </>
        )}
      </p>
      <span className="flex gap-2">
        <Button size="small" look={isReplaced ? 'primary' : 'plain'} onClick={isReplaced ? reload : onRetry}>
          <RefreshCw aria-hidden size={13} />
          {isReplaced ? 'Reload' : 'Try now'}
        </Button>
        {onDismiss && (
          <Button size="smallIcon" look="quiet" aria-label="Close" onClick={onDismiss}>
            <X aria-hidden size={14} />
          </Button>
        )}
      </span>
    </section>
  );
}

const reload = () => location.reload();
