import { isRoundOver, type Round, type Run } from '@rondo/protocol';
import { type ComponentProps, useState } from 'react';
import { useFLData } from '../../hooks/useFLData.ts';
import { useWaiting } from '../../hooks/useInsight.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { serverNow } from '../../lib/clock.ts';
import { closingAt } from '../../lib/waiting-now.ts';
import { Button } from '../ui/Button.tsx';
import { lazyPart } from '../ui/lazy-part.tsx';
import { stopChoices } from './stop-choices.ts';

const CloseNowDialog = lazyPart({
  what: 'The preview of closing the round',
  load: async () => (await import('./CloseNowDialog.tsx')).CloseNowDialog,
  isDialog: true,
});

/** Closes a round with what has been returned; beforehand it shows what that saves and loses. */
export function CloseNow({ round, run }: { readonly round: Round; readonly run: Run }) {
  const isAdmin = useIsAdmin();
  const clients = useFLData(({ viewer }) => viewer.clients);
  const [isOpen, setOpen] = useState(false);
  const isRunning = run.status === 'running';
  const { data, isLoading } = useWaiting(isAdmin ? run.run_id : null, isRunning, round);
  const isPossible = stopChoices(round, run).some(({ scope, whyNot }) => scope === 'round' && whyNot === null);
  const closing = closingAt({ run, round, clients }, data, serverNow());
  const mayClose = isAdmin && isRunning && isPossible && !isRoundOver(round);
  const isOffered = mayClose && closing !== null;
  // Its room is kept until the answer is there.
  if (mayClose && data === undefined && isLoading) return <CloseButton className="invisible" />;
  // An open dialog stays while the round does.
  if (!isOffered && !(isOpen && closing !== null)) return null;
  return (
    <>
      <CloseButton onClick={() => setOpen(true)} />
      {isOpen && data && closing !== null && (
        <CloseNowDialog
          round={round}
          waiting={data}
          closing={closing}
          onClose={() => setOpen(false)}
          onDismiss={() => setOpen(false)}
        />
      )}
    </>
  );
}

function CloseButton(props: Pick<ComponentProps<typeof Button>, 'className' | 'onClick'>) {
  return (
    <Button size="small" {...props}>
      Close now…
    </Button>
  );
}
