import type { Round, Run } from '@rondo/protocol';
import { useState } from 'react';
import { useIsPast } from '../../hooks/usePast.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { Button } from '../ui/Button.tsx';
import { lazyPart } from '../ui/lazy-part.tsx';
import { isStopWorthAsking, type StopScope } from './stop-choices.ts';

const StopDialog = lazyPart({
  what: 'The stop dialog',
  load: async () => (await import('./StopDialog.tsx')).StopDialog,
  isDialog: true,
});

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
  const isPast = useIsPast();
  // What one sees at an earlier moment is not what would be stopped.
  if (!isAdmin || isPast || !isStopWorthAsking(round, run)) return null;
  return (
    <>
      <Button look="danger" size="small" onClick={() => setOpen(true)}>
        {again ? 'Ask again…' : 'Stop…'}
      </Button>
      {isOpen && (
        <StopDialog
          round={round}
          run={run}
          again={again}
          onClose={() => setOpen(false)}
          onDismiss={() => setOpen(false)}
        />
      )}
    </>
  );
}
