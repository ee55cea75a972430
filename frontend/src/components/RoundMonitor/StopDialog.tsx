import type { Round } from '@rondo/protocol';
import { type FormEvent, useId, useState } from 'react';
import { useStopRound } from '../../hooks/useStopRound.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';

interface StopDialogProps {
  readonly round: Round;
  readonly onClose: () => void;
}

export function StopDialog({ round, onClose }: StopDialogProps) {
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={`Stop round ${round.round}?`}
      description="The FL server closes the round with what has been returned so far. This cannot be undone."
      testId="stop-dialog"
    >
      <StopForm round={round} onClose={onClose} />
    </Dialog>
  );
}

/** As many characters as the server keeps of a reason. */
const reasonLength = 2_000;

function StopForm({ round, onClose }: StopDialogProps) {
  const id = useId();
  const [reason, setReason] = useState('');
  const [progress, stop] = useStopRound();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await stop(round.round_id, reason.trim())) onClose();
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
        <Button onClick={onClose}>Keep it running</Button>
        <Button look="danger" type="submit" disabled={reason.trim() === '' || progress.state === 'busy'}>
          {progress.state === 'busy' ? 'Stopping…' : `Stop round ${round.round}`}
        </Button>
      </div>
    </form>
  );
}
