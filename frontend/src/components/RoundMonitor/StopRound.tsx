import type { Round, Run } from '@rondo/protocol';
import { lazy, Suspense, useState } from 'react';
import { useNow } from '../../hooks/useNow.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { serverNow } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';

const StopDialog = lazy(async () => ({ default: (await import('./StopDialog.tsx')).StopDialog }));

/** Set apart, as it cannot be undone: only for an admin, and only where the FL server can do it. */
export function StopRound({ round, run }: { readonly round: Round; readonly run: Run }) {
  const isAdmin = useIsAdmin();
  const [isOpen, setOpen] = useState(false);
  if (round.stop_requested_at !== null) return <StopRequested at={round.stop_requested_at} />;
  if (!isAdmin || !run.commands_supported.includes('stop_round')) return null;
  return (
    <div className="border-l border-line pl-4">
      <Button look="danger" onClick={() => setOpen(true)}>
        Stop…
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <StopDialog round={round} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

function StopRequested({ at }: { readonly at: string }) {
  const age = Math.max(0, serverNow(useNow(500)) - Date.parse(at));
  return (
    <p role="status" className="border-l border-line pl-5 text-xs leading-4 text-no-reply">
      stop requested {formatDuration(Math.round(age / 1000) * 1000 || 1000)} ago,
      <br />
      waiting for the FL server
    </p>
  );
}
