import { accountOf, type Round } from '@rondo/protocol';
import { Link } from 'react-router';
import { formatBytes, formatClock, formatCount, formatDuration, noValue } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { numberOf } from '../../lib/values.ts';
import { AccountBar } from '../ui/AccountBar.tsx';
import type { Column } from '../ui/column.ts';
import { MetricText } from '../ui/MetricText.tsx';
import { Moment } from '../ui/Moment.tsx';

/** More would not fit any screen; the metrics tab has them all. */
const shownMetrics = 4;

export type BytesByRound = ReadonlyMap<number, { readonly up: number; readonly down: number }>;

const durationOf = ({ started_at, completed_at }: Round): number | null =>
  completed_at === null ? null : Date.parse(completed_at) - Date.parse(started_at);

export function columnsFor(metricNames: readonly string[], bytes: BytesByRound | null): readonly Column<Round>[] {
  const columns: Column<Round>[] = [
    {
      key: 'round',
      name: 'Round',
      className: 'w-28 sm:w-32',
      sortBy: ({ round }) => round,
      cell: (row) => {
        const { run_id, round, status } = row;
        return (
          <>
            <span className="flex items-baseline gap-2 whitespace-nowrap">
              <Link to={runPath(run_id, `rounds/${round}`)} className="font-medium hover:text-accent hover:underline">
                {formatCount(round)}
              </Link>
              {status !== 'complete' && (
                <span
                  className={
                    status === 'failed' || status === 'stopped' ? 'text-xs text-failed' : 'text-xs text-accent'
                  }
                >
                  {status}
                </span>
              )}
            </span>
            <AccountBar isSmall round={row} className="mt-1 h-1.5 w-full sm:hidden" />
          </>
        );
      },
    },
    {
      key: 'clients',
      name: 'Returned',
      className: 'w-42 max-sm:hidden',
      sortBy: (round) => accountOf(round).complete / Math.max(1, accountOf(round).selected),
      cell: (round) => (
        <span className="flex items-center gap-2">
          <AccountBar isSmall round={round} className="h-2 w-20 shrink-0" />
          <span className="text-xs whitespace-nowrap text-muted">
            {formatCount(round.num_clients_completed)} / {formatCount(round.num_clients_expected)}
          </span>
        </span>
      ),
    },
    measured('loss', 'Loss', ({ global_loss }) => global_loss),
    measured('accuracy', 'Accuracy', ({ global_accuracy }) => global_accuracy, 'share'),
    ...metricNames
      .slice(0, shownMetrics)
      .map((name) => measured(`metrics.${name}`, name, ({ metrics }) => metrics[name])),
    {
      key: 'time',
      name: 'Time',
      align: 'end',
      className: 'whitespace-nowrap',
      sortBy: durationOf,
      cell: (round) => {
        const ms = durationOf(round);
        return ms === null ? noValue : ms < 10_000 ? formatDuration(ms) : formatClock(ms);
      },
    },
  ];
  if (bytes !== null) {
    columns.push({
      key: 'bytes',
      name: 'Bytes',
      align: 'end',
      className: 'whitespace-nowrap',
      sortBy: ({ round }) => sumOf(bytes, round),
      cell: ({ round }) => {
        const sum = sumOf(bytes, round);
        return sum === null ? <span className="text-faint">{noValue}</span> : formatBytes(sum);
      },
    });
  }
  columns.push({
    key: 'started',
    name: 'Started',
    align: 'end',
    className: 'w-40 whitespace-nowrap text-soft',
    sortBy: ({ started_at }) => Date.parse(started_at),
    cell: ({ started_at }) => <Moment at={started_at} />,
  });
  return columns;
}

function sumOf(bytes: BytesByRound, round: number): number | null {
  const found = bytes.get(round);
  return found === undefined || found.up + found.down === 0 ? null : found.up + found.down;
}

const measured = (
  key: string,
  name: string,
  read: (round: Round) => Round['global_loss'] | undefined,
  as?: 'share',
): Column<Round> => ({
  key,
  name: (
    <bdi title={name} className="truncate">
      {name}
    </bdi>
  ),
  align: 'end',
  sortBy: (round) => numberOf(read(round)),
  cell: (round) => <MetricText value={read(round)} {...(as && { as })} />,
});
