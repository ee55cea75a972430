import type { Run } from '@rondo/protocol';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useRuns } from '../../hooks/useFLData.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { formatMoment, noValue, plural } from '../../lib/format.ts';
import { EditRun } from '../EditRun/EditRun.tsx';
import { Alert } from '../ui/Alert.tsx';
import type { Column } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';
import { RunStatusText } from '../ui/RunStatusText.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { Table } from '../ui/Table.tsx';

/** Every run, newest first. */
export function RunTable() {
  const { data, error, isLoading } = useRuns();
  const problem = useProblemDetail(error);
  const isAdmin = useIsAdmin();
  const shown = useMemo(() => (isAdmin ? [...columns, editColumn] : columns), [isAdmin]);
  const note =
    data === undefined
      ? undefined
      : data.total > data.items.length
        ? `newest ${data.items.length} of ${data.total}`
        : plural(data.total, 'run');
  return (
    <Panel title="Newest first" note={note} testId="run-table">
      {problem !== null && <Alert>The runs could not be loaded. {problem}</Alert>}
      {isLoading && <Skeleton className="h-40" />}
      {data?.items.length === 0 && (
        <EmptyState title="No run yet">
          <Link to="/" className="text-accent underline">
            See how to connect an FL server
          </Link>
          , or run the demo.
        </EmptyState>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Table label="Runs" columns={shown} rows={data.items} keyOf={(run) => run.run_id} />
      )}
    </Panel>
  );
}

const columns: readonly Column<Run>[] = [
  {
    key: 'name',
    name: 'Name',
    className: 'min-w-24',
    cell: (run) => (
      <>
        <Link
          to={`/runs/${encodeURIComponent(run.run_id)}`}
          className="font-medium break-words hover:text-accent hover:underline"
        >
          {run.name}
        </Link>
        {run.notes.trim() !== '' && (
          <span
            title={run.notes}
            className="block max-w-[32ch] truncate text-xs text-muted max-sm:hidden xl:max-w-[56ch]"
          >
            {run.notes}
          </span>
        )}
      </>
    ),
  },
  { key: 'status', name: 'Status', cell: (run) => <RunStatusText run={run} /> },
  {
    key: 'rounds',
    name: 'Rounds',
    align: 'end',
    className: 'whitespace-nowrap',
    cell: (run) => (
      <>
        {run.current_round ?? noValue}
        {run.num_rounds !== null && <span className="text-muted"> / {run.num_rounds}</span>}
      </>
    ),
  },
  {
    key: 'framework',
    name: 'Framework',
    className: 'text-soft max-sm:hidden',
    cell: (run) => run.framework ?? noValue,
  },
  {
    key: 'tags',
    name: 'Tags',
    className: 'text-muted max-md:hidden',
    cell: (run) => (run.tags.length > 0 ? run.tags.join(', ') : noValue),
  },
  {
    key: 'started',
    name: 'Started',
    align: 'end',
    className: 'whitespace-nowrap text-soft max-sm:hidden',
    cell: (run) => formatMoment(run.started_at),
  },
];

const editColumn: Column<Run> = {
  key: 'edit',
  name: <span className="sr-only">Edit</span>,
  align: 'end',
  cell: (run) => <EditRun run={run} />,
};
