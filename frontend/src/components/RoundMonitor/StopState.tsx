import type { CommandState, Round, Run, Stop } from '@rondo/protocol';
import { Check, Circle, Clock, type LucideIcon, X } from 'lucide-react';
import { useMoment } from '../../hooks/usePast.ts';
import { classes } from '../../lib/classes.ts';
import { formatDuration, formatTimeOfDay } from '../../lib/format.ts';
import { StopRound } from './StopRound.tsx';
import { isStopOpen, type StopScope } from './stop-choices.ts';
import { type StopStep, stopSteps } from './stop-steps.ts';

interface StopStateProps {
  readonly stop: Stop;
  readonly scope: StopScope;
  readonly round: Round;
  readonly run: Run;
}

/** A framework stops a round at once, and a run at the next moment it can, which only the framework knows. */
const isEnding = 'was taken up by the FL server, which now ends the run';

const verdicts: Record<CommandState, string> = {
  requested: 'is on its way to the FL server',
  delivered: 'has reached the FL server, which has not confirmed it yet',
  applied: 'was carried out',
  rejected: 'was refused',
  expired: 'expired: the FL server never confirmed it',
};

/** What became of a stop: who asked, when the FL server heard of it, and how it ended. */
export function StopState({ stop, scope, round, run }: StopStateProps) {
  const isBad = stop.state === 'rejected' || stop.state === 'expired';
  const isRunEnding = scope === 'run' && stop.state === 'applied' && run.status === 'running';
  const what = scope === 'run' ? 'the run' : `round ${round.round}`;
  return (
    <div
      className={classes('mt-3 rounded-control border px-3 py-2 text-xs', isBad ? 'border-no-reply/60' : 'border-line')}
      data-testid="stop-state"
      data-scope={scope}
      data-state={stop.state}
    >
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <p role="status" className={classes('text-sm', isBad ? 'text-no-reply' : 'text-soft')}>
          Stop of {what} {isRunEnding ? isEnding : verdicts[stop.state]}
          {stop.detail !== null && <>: {stop.detail}</>}
        </p>
        {isBad && <StopRound round={round} run={run} again={{ scope, reason: stop.reason }} />}
      </div>
      <ol className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-muted" aria-label={`How the stop of ${what} went`}>
        {stopSteps(stop).map((step) => (
          <Step key={step.name} step={step} />
        ))}
        {isStopOpen(stop) && <Expiry at={stop.expires_at} />}
      </ol>
      <p className="mt-1 break-words text-muted">Reason: {stop.reason}</p>
    </div>
  );
}

const icons: Record<CommandState, { Icon: LucideIcon; text: string }> = {
  requested: { Icon: Check, text: 'text-soft' },
  delivered: { Icon: Check, text: 'text-soft' },
  applied: { Icon: Check, text: 'text-returned' },
  rejected: { Icon: X, text: 'text-failed' },
  expired: { Icon: Clock, text: 'text-no-reply' },
};

function Step({ step: { name, at, by } }: { readonly step: StopStep }) {
  const { Icon, text } = at === null ? { Icon: Circle, text: 'text-muted' } : icons[name];
  return (
    <li className="flex items-center gap-1.5" aria-current={at === null ? 'step' : undefined}>
      <Icon aria-hidden size={12} className={text} />
      <span className={text}>{at === null ? `not ${name} yet` : name}</span>
      {at !== null && <time dateTime={at}>{formatTimeOfDay(at)}</time>}
      {by !== null && `by ${by}`}
    </li>
  );
}

function Expiry({ at }: { readonly at: string }) {
  const leftMs = Math.max(0, Date.parse(at) - useMoment(1_000));
  return (
    <li className="flex items-center gap-1.5">
      <Clock aria-hidden size={12} />
      expires in {formatDuration(Math.max(1_000, Math.round(leftMs / 1_000) * 1_000))}
    </li>
  );
}
