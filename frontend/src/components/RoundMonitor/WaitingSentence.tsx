import type { Round, Run, Waiting } from '@rondo/protocol';
import { Hourglass } from 'lucide-react';
import { useFLData } from '../../hooks/useFLData.ts';
import { useWaiting } from '../../hooks/useInsight.ts';
import { useWall } from '../../hooks/useWall.ts';
import { serverNow } from '../../lib/clock.ts';
import { formatCount, formatDuration, formatPercent, plural } from '../../lib/format.ts';
import { closingAt, waitingNow } from '../../lib/waiting-now.ts';
import { Skeleton } from '../ui/Skeleton.tsx';

/** Why the round is not over, when it is expected to end, and what closing it now would save and lose. */
export function WaitingSentence({ round, run }: { readonly round: Round; readonly run: Run }) {
  const clients = useFLData(({ viewer }) => viewer.clients);
  const { data, isLoading } = useWaiting(run.run_id, run.status === 'running', round);
  // Nearly every running round has a sentence: with its room kept, nothing below it moves.
  if (data === undefined && isLoading) return <Skeleton className="mt-3 h-20" />;
  if (data === undefined || data.run_id !== run.run_id || run.status !== 'running') return null;
  const shown = { run, round, clients };
  const now = serverNow();
  const { cause, sentence, isAnswered } = waitingNow(shown, data);
  const closing = closingAt(shown, data, now);
  return (
    <div
      data-testid="waiting"
      data-cause={cause}
      className="mt-3 flex gap-2 border-t border-line pt-3 text-sm text-soft"
    >
      <Hourglass aria-hidden size={14} className="mt-0.5 shrink-0 text-muted" />
      <div className="min-w-0 break-words">
        <p>
          {sentence} {isAnswered && <ExpectedEnd expected={data.expected_end} now={now} />}
        </p>
        {closing !== null && <ClosedNow closing={closing} />}
      </div>
    </div>
  );
}

/** An end that has passed is no longer expected. */
function ExpectedEnd({ expected, now }: { readonly expected: Waiting['expected_end']; readonly now: number }) {
  if (expected.state === 'none' || (expected.state === 'interval' && Date.parse(expected.to) < now)) return null;
  return <span className="text-muted">{expected.sentence}</span>;
}

/** Folded, but on a wall, where nothing is pressed, it is open. */
function ClosedNow({ closing }: { readonly closing: NonNullable<Waiting['closing_now']> }) {
  const [isWall] = useWall();
  const answer = (
    <>
      <p className="mt-1 text-xs leading-5 text-muted" data-testid="closing-now">
        {closing.sentence}
      </p>
      <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
        <li>
          {plural(closing.num_counted, 'client')} would count, {formatCount(closing.num_missing)} would not
        </li>
        {closing.time_saved_ms !== null && <li>saves {formatDuration(closing.time_saved_ms)}</li>}
        {closing.examples_lost_share !== null && (
          <li>loses {formatPercent(closing.examples_lost_share)} of the examples</li>
        )}
      </ul>
    </>
  );
  if (isWall) {
    return (
      <section className="mt-1" aria-label={question}>
        <h3 className="text-xs font-medium text-soft">{question}</h3>
        {answer}
      </section>
    );
  }
  return (
    <details className="mt-1">
      <summary className="min-h-6 cursor-pointer rounded-control text-xs text-accent">{question}</summary>
      {answer}
    </details>
  );
}

const question = 'What if the round were closed now?';
