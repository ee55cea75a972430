import { isRoundOver, type Round } from '@rondo/protocol';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useRoundCount } from '../../hooks/useAllRounds.ts';
import { useFLData } from '../../hooks/useFLData.ts';
import { useIsWide } from '../../hooks/useMedia.ts';
import { useRounds } from '../../hooks/useRounds.ts';
import { formatClock, formatCount, formatDuration, noValue } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { AccountBar } from '../ui/AccountBar.tsx';
import type { Column } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Table } from '../ui/Table.tsx';
import { bestRound } from './best-round.ts';

const few = 6;
/** In a column of its own. */
const many = 12;

export function RecentRounds() {
  const history = useFLData((state) => state.viewer.metrics_history);
  const finished = useRounds().filter(isRoundOver);
  const best = bestRound(history);
  const columns = useMemo(() => columnsFor(best), [best]);
  const shown = useIsWide() ? many : few;
  const recent = finished.slice(0, shown);
  const run_id = useFLData((state) => state.viewer.run_id);
  const total = useRoundCount();
  return (
    <Panel
      title="Recent rounds"
      note={run_id !== null && <Note run_id={run_id} total={total} shown={shown} />}
      testId="recent-rounds"
    >
      {recent.length === 0 ? (
        <EmptyState title="No round has finished yet">
          The first one shows here with its loss, accuracy and time.
        </EmptyState>
      ) : (
        <Table label="Recent rounds" columns={columns} rows={recent} keyOf={(round) => round.round} rowProps={dataOf} />
      )}
    </Panel>
  );
}

interface NoteProps {
  readonly run_id: string;
  readonly total: number | null;
  readonly shown: number;
}

function Note({ run_id, total, shown }: NoteProps) {
  return (
    <>
      {total !== null && (total > shown ? `newest ${shown} of ${formatCount(total)} · ` : '')}
      <Link to={runPath(run_id, 'rounds')} className="text-accent underline">
        all rounds
      </Link>
    </>
  );
}

const dataOf = ({ round }: Round) => ({ 'data-round': round });

const columnsFor = (best: number | null): readonly Column<Round>[] => [
  {
    key: 'round',
    name: 'Round',
    className: 'whitespace-nowrap',
    cell: ({ run_id, round, status }) => (
      <>
        <Link
          to={`/runs/${encodeURIComponent(run_id)}/rounds/${round}`}
          className="hover:text-accent hover:underline"
          aria-label={`Round ${round}`}
        >
          {round}
        </Link>
        {round === best && <span className="ml-1.5 text-xs text-accent">best</span>}
        {status !== 'complete' && <span className="ml-1.5 text-xs text-failed">{status}</span>}
      </>
    ),
  },
  {
    key: 'clients',
    name: 'Clients',
    align: 'end',
    cell: (round) => (
      <>
        <span className="sr-only">
          {round.num_clients_completed} of {round.num_clients_expected} returned
        </span>
        <AccountBar isSmall round={round} className="ml-auto h-1.5 w-16 sm:w-20" />
      </>
    ),
  },
  { key: 'loss', name: 'Loss', align: 'end', cell: (round) => <MetricText value={round.global_loss} /> },
  {
    key: 'accuracy',
    name: 'Accuracy',
    align: 'end',
    cell: (round) => <MetricText value={round.global_accuracy} as="share" />,
  },
  { key: 'time', name: 'Time', align: 'end', className: 'whitespace-nowrap text-soft', cell: timeOf },
];

function timeOf({ started_at, completed_at }: Round): string {
  if (completed_at === null) return noValue;
  const ms = Date.parse(completed_at) - Date.parse(started_at);
  return ms < 10_000 ? formatDuration(ms) : formatClock(ms);
}
