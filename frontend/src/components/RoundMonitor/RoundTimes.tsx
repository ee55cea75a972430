import { isRoundOver, medianRoundMs, type Round, type Run, remainingMs } from '@rondo/protocol';
import { useSlowFLData } from '../../hooks/useFLData.ts';
import { useMoment } from '../../hooks/usePast.ts';
import { useRounds } from '../../hooks/useRounds.ts';
import { formatClock, formatDuration, noValue } from '../../lib/format.ts';
import { troubleOf } from '../../lib/run-face.ts';

interface RoundTimesProps {
  readonly round: Round;
  readonly run: Run;
}

/** Elapsed in this round, the median of those before it, and what is left of the run. */
export function RoundTimes({ round, run }: RoundTimesProps) {
  const now = useMoment(500);
  const median = medianRoundMs(useRounds());
  const isRunning = run.status === 'running';
  const trouble = troubleOf(run)?.state;
  const viewer = useSlowFLData((state) => state.viewer, 500, Object.is, [round.run_id]);
  const left = isRunning ? remainingMs(viewer, now) : null;
  // No clock runs in a run that is over. [B10]
  const end = round.completed_at ?? run.completed_at;
  const elapsed = Math.max(0, (end === null ? now : Date.parse(end)) - Date.parse(round.started_at));
  const isOver = isRoundOver(round) || !isRunning;
  return (
    <dl className="flex gap-3 text-right">
      <Time name={isOver ? 'took' : 'elapsed'} value={clock(elapsed)} />
      <Time name="median" value={median === null ? noValue : clock(median)} />
      {isRunning && <Time name="left" value={leftOf(left, trouble)} />}
    </dl>
  );
}

/** Rounds of a few seconds differ by tenths, longer ones by the clock. */
const clock = (ms: number): string => (ms < 10_000 ? formatDuration(Math.round(ms / 100) * 100) : formatClock(ms));

/** A run in trouble has no estimate that one could believe. */
function leftOf(left: number | null, trouble: string | undefined): string {
  if (trouble === 'overdue') return `${noValue}, overdue`;
  return left === null || trouble !== undefined ? noValue : formatDuration(left);
}

function Time({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="flex min-w-10 flex-col-reverse">
      <dt className="text-2xs leading-4 text-muted">{name}</dt>
      <dd className="text-base leading-5 font-semibold whitespace-nowrap text-soft">{value}</dd>
    </div>
  );
}
