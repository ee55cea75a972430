import type { Round, Run } from '@rondo/protocol';
import { lazy, Suspense, useState } from 'react';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { Button } from '../ui/Button.tsx';
import { isStopWorthAsking, type StopScope } from './stop-choices.ts';

const StopDialog = lazy(async () => ({ default: (await import('./StopDialog.tsx')).StopDialog }));

interface StopRoundProps {
  readonly round: Round;
  readonly run: Run;
  /** Asks for what was asked before, in the same words. */
  readonly again?: { readonly scope: StopScope; readonly reason: string };
}

/** The one dangerous act: only for an admin, and only while there is something to stop. */
export function StopRound({ round, run, again }: StopRoundProps) {
  const isAdmin = useIsAdmin();
  const [isOpen, setOpen] = useState(false);
  if (!isAdmin || !isStopWorthAsking(round, run)) return null;
  return (
    <>
      <Button look="danger" size={again ? 'small' : 'medium'} onClick={() => setOpen(true)}>
        {again ? 'Ask again…' : 'Stop…'}
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <StopDialog round={round} run={run} again={again} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
