import type { Round, Run } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { type FormEvent, useState } from 'react';
import { useStop } from '../../hooks/useRunActs.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { Choice } from '../ui/Choice.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { TextArea } from '../ui/TextArea.tsx';
import { type StopChoice, type StopScope, stopChoices } from './stop-choices.ts';

interface StopDialogProps {
  readonly round: Round;
  readonly run: Run;
  readonly again?: { readonly scope: StopScope; readonly reason: string } | undefined;
  readonly onClose: () => void;
}

export function StopDialog({ round, run, again, onClose }: StopDialogProps) {
  const choices = stopChoices(round, run);
  const offered = choices.filter(({ whyNot }) => whyNot === null);
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={offered.length === 0 ? 'Nothing can be stopped from here' : 'Stop training?'}
      {...(offered.length > 0 && {
        description: 'The FL server closes it with what has been returned so far. This cannot be undone.',
      })}
      testId="stop-dialog"
    >
      {offered.length > 0 && <StopForm round={round} offered={offered} again={again} onClose={onClose} />}
      <ul className="flex flex-col gap-1 text-xs leading-5 text-muted">
        {choices.map(({ scope, whyNot }) => whyNot !== null && <li key={scope}>{whyNot}</li>)}
      </ul>
      {offered.length === 0 && (
        <Button className="self-end" onClick={onClose}>
          Close
        </Button>
      )}
    </Dialog>
  );
}

interface StopFormProps extends Pick<StopDialogProps, 'round' | 'again' | 'onClose'> {
  readonly offered: readonly StopChoice[];
}

function StopForm({ round, offered, again, onClose }: StopFormProps) {
  const [scope, setScope] = useState(again?.scope);
  const [reason, setReason] = useState(again?.reason ?? '');
  const [progress, stop] = useStop();
  // What was chosen may have become impossible while the dialog was open.
  const chosen = offered.find((choice) => choice.scope === scope) ?? (offered[0] as StopChoice);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await stop(round.round_id, reason.trim(), chosen.scope)) onClose();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 text-xs font-medium text-soft">What to stop</legend>
        {offered.map((choice) => (
          <Choice
            key={choice.scope}
            type="radio"
            name="scope"
            label={choice.scope === 'round' ? `Round ${round.round}` : 'The whole run'}
            hint={choice.scope === 'round' ? 'The run goes on with the next round.' : 'No further round starts.'}
            checked={choice.scope === chosen.scope}
            onChange={() => setScope(choice.scope)}
          />
        ))}
      </fieldset>
      <TextArea
        label="Reason, kept in the audit log"
        required
        rows={3}
        maxLength={limits.reason}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep it running</Button>
        <Button look="danger" type="submit" disabled={reason.trim() === '' || progress.state === 'busy'}>
          {progress.state === 'busy' ? 'Asking…' : `Stop ${chosen.name}`}
        </Button>
      </div>
    </form>
  );
}
