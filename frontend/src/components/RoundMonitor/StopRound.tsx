import type { Round, Run } from '@rondo/protocol';
import { type FormEvent, useId, useState } from 'react';
import { useNow } from '../../hooks/useNow.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { useStopRound } from '../../hooks/useStopRound.ts';
import { serverNow } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';

/** Set apart, as it cannot be undone: only for an admin, and only where the FL server can do it. */
export function StopRound({ round, run }: { readonly round: Round; readonly run: Run }) {
  const isAdmin = useIsAdmin();
  const [isOpen, setOpen] = useState(false);
  if (round.stop_requested_at !== null) return <StopRequested at={round.stop_requested_at} />;
  if (!isAdmin || !run.commands_supported.includes('stop_round')) return null;
  return (
    <div className="border-l border-line pl-5">
      <Button look="danger" onClick={() => setOpen(true)}>
        Stop…
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title={`Stop round ${round.round}?`}
        description="The FL server closes the round with what has been returned so far. This cannot be undone."
        testId="stop-dialog"
      >
        <StopForm round={round} onDone={() => setOpen(false)} />
      </Dialog>
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

/** As many characters as the server keeps of a reason. */
const reasonLength = 2_000;

function StopForm({ round, onDone }: { readonly round: Round; readonly onDone: () => void }) {
  const id = useId();
  const [reason, setReason] = useState('');
  const [progress, stop] = useStopRound();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await stop(round.round_id, reason.trim())) onDone();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <div className="flex flex-col gap-1.5">
        <label htmlFor={id} className="text-xs font-medium text-soft">
          Reason, kept in the audit log
        </label>
        <textarea
          id={id}
          required
          rows={3}
          maxLength={reasonLength}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          className="resize-y rounded-control border border-edge bg-panel px-3 py-2 text-base text-text"
        />
      </div>
      {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Keep it running</Button>
        <Button look="danger" type="submit" disabled={reason.trim() === '' || progress.state === 'busy'}>
          {progress.state === 'busy' ? 'Stopping…' : `Stop round ${round.round}`}
        </Button>
      </div>
    </form>
  );
}
