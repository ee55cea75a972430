import type { Round, Waiting } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { type FormEvent, useState } from 'react';
import { useFLData } from '../../hooks/useFLData.ts';
import { useStop } from '../../hooks/useRunActs.ts';
import { formatCount, formatDuration, formatNumber, formatPercent, noValue } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { TextArea } from '../ui/TextArea.tsx';
import { type ClosePreview, closePreview, longestWaitMs } from './close-preview.ts';

type ClosingNow = NonNullable<Waiting['closing_now']>;

interface CloseNowDialogProps {
  readonly round: Round;
  readonly waiting: Waiting;
  readonly closing: ClosingNow;
  readonly onClose: () => void;
}

const stepMs = 1_000;

/** Names that fit; the table of the round has the others. */
const mostNamed = 6;

export function CloseNowDialog({ round, waiting, closing, onClose }: CloseNowDialogProps) {
  const { outstanding } = waiting;
  const clients = useFLData(({ viewer }) => viewer.clients);
  const sizeOf = (client_id: string): number | null => clients[client_id]?.dataset_size ?? null;
  const longest = Math.ceil(longestWaitMs(closing, outstanding) / stepMs) * stepMs;
  const [chosen, setChosen] = useState(0);
  const wait = Math.min(chosen, longest);
  const [reason, setReason] = useState('');
  const [progress, stop] = useStop();
  const now = closePreview(closing, outstanding, sizeOf, 0);
  const later = closePreview(closing, outstanding, sizeOf, wait);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await stop(round.round_id, reason.trim(), 'round')) onClose();
  };
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={`Close round ${round.round} now?`}
      description="The FL server closes it with what has been returned so far. This cannot be undone."
      testId="close-now-dialog"
    >
      <p className="text-sm text-soft">{closing.sentence}</p>
      {longest > 0 && (
        <label className="flex flex-col gap-1 text-xs text-soft">
          <span>
            What if it waited <b className="font-medium text-text">{formatDuration(wait)}</b> longer?
          </span>
          <input
            type="range"
            min={0}
            max={longest}
            step={stepMs}
            value={wait}
            aria-valuetext={`${formatDuration(wait)} longer: ${later.num_counted} would count, ${later.num_missing} would not`}
            onChange={({ target }) => setChosen(Number(target.value))}
            className="h-6 w-full accent-accent"
          />
        </label>
      )}
      <table className="w-full text-sm" data-testid="close-preview">
        <thead className="text-xs text-muted">
          <tr>
            <td />
            <th scope="col" className="px-2 text-right font-normal">
              now
            </th>
            {wait > 0 && (
              <th scope="col" className="pl-2 text-right font-normal">
                in {formatDuration(wait)}, expected
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {figures.map(({ name, text }) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="py-1.5 text-left font-normal text-soft">
                {name}
              </th>
              <td className="px-2 text-right">{text(now)}</td>
              {wait > 0 && <td className="pl-2 text-right">{text(later)}</td>}
            </tr>
          ))}
          {closing.worst_tenth_of_all !== null && closing.worst_tenth_of_counted !== null && (
            <tr className="border-t border-line">
              <th scope="row" className="py-1.5 text-left font-normal text-soft">
                worst tenth's loss, counted / all
              </th>
              <td className="px-2 text-right">
                {formatNumber(closing.worst_tenth_of_counted)} / {formatNumber(closing.worst_tenth_of_all)}
              </td>
              {wait > 0 && <td />}
            </tr>
          )}
        </tbody>
      </table>
      {closing.missing.length > 0 && (
        <p dir="auto" className="text-xs break-words text-muted">
          Would not count: {closing.missing.slice(0, mostNamed).join(', ')}
          {closing.num_missing > mostNamed && ` and ${formatCount(closing.num_missing - mostNamed)} more`}
        </p>
      )}
      <form onSubmit={submit} className="flex flex-col gap-3">
        <TextArea
          label="Reason, kept in the audit log"
          required
          rows={2}
          maxLength={limits.reason}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
        {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep waiting</Button>
          <Button look="danger" type="submit" disabled={reason.trim() === '' || progress.state === 'busy'}>
            {progress.state === 'busy' ? 'Asking…' : `Close round ${round.round} now`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const figures: readonly { readonly name: string; readonly text: (preview: ClosePreview) => string }[] = [
  { name: 'clients that count', text: ({ num_counted }) => formatCount(num_counted) },
  { name: 'clients that do not', text: ({ num_missing }) => formatCount(num_missing) },
  { name: 'time saved', text: ({ saved_ms }) => (saved_ms === null ? noValue : formatDuration(saved_ms)) },
  {
    name: 'examples lost',
    text: ({ examples_lost_share: share }) => (share === null ? noValue : formatPercent(share)),
  },
];
