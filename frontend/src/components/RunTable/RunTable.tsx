import type { Run } from '@rondo/protocol';
import { Link } from 'react-router';
import { useRuns } from '../../hooks/useFLData.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { formatMoment, noValue, plural } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';
import { RunStatusText } from '../ui/RunStatusText.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';

/** Every run, newest first. */
export function RunTable() {
  const { data, error, isLoading } = useRuns();
  const problem = useProblemDetail(error);
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
      {data !== undefined && data.items.length > 0 && <Rows runs={data.items} />}
    </Panel>
  );
}

function Rows({ runs }: { readonly runs: readonly Run[] }) {
  return (
    <table className="w-full text-left text-sm">
      <thead>
        <tr className="border-b border-line text-xs text-muted [&>th]:pr-6 [&>th]:pb-2 [&>th:last-child]:pr-0 [&>th]:font-normal">
          <th scope="col">Name</th>
          <th scope="col">Status</th>
          <th scope="col" className="text-right">
            Rounds
          </th>
          <th scope="col" className="max-sm:hidden">
            Framework
          </th>
          <th scope="col" className="max-md:hidden">
            Tags
          </th>
          <th scope="col" className="text-right max-sm:hidden">
            Started
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr
            key={run.run_id}
            className="border-b border-line last:border-0 hover:bg-raised [&>td]:py-2.5 [&>td]:pr-6 [&>td:last-child]:pr-0"
          >
            <th scope="row" className="py-2.5 pr-6 font-medium">
              <Link
                to={`/runs/${encodeURIComponent(run.run_id)}`}
                className="break-words hover:text-accent hover:underline"
              >
                {run.name}
              </Link>
            </th>
            <td>
              <RunStatusText status={run.status} />
            </td>
            <td className="text-right whitespace-nowrap">
              {run.current_round ?? noValue}
              {run.num_rounds !== null && <span className="text-muted"> / {run.num_rounds}</span>}
            </td>
            <td className="text-soft max-sm:hidden">{run.framework ?? noValue}</td>
            <td className="text-muted max-md:hidden">{run.tags.length > 0 ? run.tags.join(', ') : noValue}</td>
            <td className="text-right whitespace-nowrap text-soft max-sm:hidden">{formatMoment(run.started_at)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
