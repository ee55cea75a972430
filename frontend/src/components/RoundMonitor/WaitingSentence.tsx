import type { Round, Run } from '@rondo/protocol';
import { Hourglass } from 'lucide-react';
import { useWaiting } from '../../hooks/useInsight.ts';
import { formatCount, formatDuration, formatPercent, plural } from '../../lib/format.ts';

/** Why the round is not over, when it is expected to end, and what closing it now would save and lose. */
export function WaitingSentence({ round, run }: { readonly round: Round; readonly run: Run }) {
  const { data } = useWaiting(run.run_id, run.status === 'running');
  if (data === undefined || data.run_id !== run.run_id || run.status !== 'running' || data.sentence === '') return null;
  const { expected_end, closing_now } = data;
  return (
    <div
      data-testid="waiting"
      data-cause={data.cause}
      className="mt-3 flex gap-2 border-t border-line pt-3 text-sm text-soft"
    >
      <Hourglass aria-hidden size={14} className="mt-0.5 shrink-0 text-muted" />
      <div className="min-w-0 break-words">
        <p>
          {data.sentence} <span className="text-muted">{expected_end.sentence}</span>
        </p>
        {closing_now !== null && data.round === round.round && (
          <details className="mt-1">
            <summary className="min-h-6 cursor-pointer rounded-control text-xs text-accent">
              What if the round were closed now?
            </summary>
            <p className="mt-1 text-xs leading-5 text-muted" data-testid="closing-now">
              {closing_now.sentence}
            </p>
            <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
              <li>
                {plural(closing_now.num_counted, 'client')} would count, {formatCount(closing_now.num_missing)} would
                not
              </li>
              {closing_now.time_saved_ms !== null && <li>saves {formatDuration(closing_now.time_saved_ms)}</li>}
              {closing_now.examples_lost_share !== null && (
                <li>loses {formatPercent(closing_now.examples_lost_share)} of the examples</li>
              )}
            </ul>
          </details>
        )}
      </div>
    </div>
  );
}
