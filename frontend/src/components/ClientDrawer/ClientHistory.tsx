import type { ClientUpdate } from '@rondo/protocol';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { LineChart } from '../../charts/LineChart.tsx';
import { prepare } from '../../charts/prepare.ts';
import { useClientHistory } from '../../hooks/useFLData.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { mainLineOf } from '../../lib/failure-reasons.ts';
import { formatDuration, noValue } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { Alert } from '../ui/Alert.tsx';
import type { Column } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { OutcomeText } from '../ui/OutcomeText.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { VirtualTable } from '../ui/VirtualTable.tsx';
import { lossByRound } from './loss-by-round.ts';

interface ClientHistoryProps {
  readonly client_id: string;
  readonly run_id: string;
}

export function ClientHistory({ client_id, run_id }: ClientHistoryProps) {
  const { data, error, isLoading } = useClientHistory(client_id, run_id);
  const problem = useProblemDetail(error);
  if (isLoading) return <Skeleton className="h-64" />;
  if (problem !== null) return <Alert>Its history could not be loaded. {problem}</Alert>;
  if (!data || data.items.length === 0) {
    return (
      <EmptyState title="No rounds yet">It shows here what it returned once it was selected for a round.</EmptyState>
    );
  }
  return (
    <>
      <LossChart updates={data.items} />
      <Outcomes updates={data.items} total={data.total} />
    </>
  );
}

const nothing = () => {};

function LossChart({ updates }: { readonly updates: readonly ClientUpdate[] }) {
  const { x, line } = useMemo(() => lossByRound(updates), [updates]);
  const prepared = useMemo(() => prepare({ x, lines: [line], smoothing: 0, isLog: false, xEnd: null }), [x, line]);
  const lines = useMemo(() => [line], [line]);
  if (prepared.points === 0) return null;
  return (
    <section aria-labelledby="client-loss">
      <h3 id="client-loss" className="mb-2 text-xs font-medium text-muted">
        Training loss by round
      </h3>
      <div className="h-40">
        <LineChart
          label="Training loss"
          xName="round"
          lines={lines}
          prepared={prepared}
          zoom={null}
          onZoom={nothing}
          onCursor={nothing}
          describe={(index) => `round ${x[index]}: loss ${format(line.values[index] ?? null, line.format)}`}
        />
      </div>
    </section>
  );
}

const format = (value: number | null, as: (value: number) => string): string =>
  value === null ? 'not reported' : as(value);

function Outcomes({ updates, total }: { readonly updates: readonly ClientUpdate[]; readonly total: number }) {
  const newestFirst = [...updates].sort((a, b) => b.round - a.round);
  return (
    <section aria-labelledby="client-rounds">
      <h3 id="client-rounds" className="mb-2 text-xs font-medium text-muted">
        Its rounds{total > updates.length && `, newest ${updates.length} of ${total}`}
      </h3>
      <VirtualTable
        label="Its rounds"
        columns={columns}
        rows={newestFirst}
        keyOf={(update) => update.round}
        maxHeight={420}
      />
    </section>
  );
}

const columns: readonly Column<ClientUpdate>[] = [
  {
    key: 'round',
    name: 'Round',
    cell: ({ round, run_id }) => (
      <Link
        to={runPath(run_id, `rounds/${round}`)}
        className="inline-flex min-h-6 items-center text-accent hover:underline"
      >
        {round}
      </Link>
    ),
  },
  {
    key: 'outcome',
    name: 'Outcome',
    cell: ({ outcome, error }) => (
      <>
        <OutcomeText outcome={outcome} />
        {error !== null && (
          <span title={error} className="block truncate text-2xs text-muted">
            {mainLineOf(error)}
          </span>
        )}
      </>
    ),
  },
  { key: 'loss', name: 'Loss', align: 'end', cell: (update) => <MetricText value={update.train_loss} /> },
  {
    key: 'time',
    name: 'Time',
    align: 'end',
    className: 'whitespace-nowrap',
    cell: ({ duration_ms }) => (duration_ms === null ? noValue : formatDuration(duration_ms)),
  },
];
