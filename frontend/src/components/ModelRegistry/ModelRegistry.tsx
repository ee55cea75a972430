import { useSearchParams } from 'react-router';
import { useRuns } from '../../hooks/useFLData.ts';
import { useModelPage } from '../../hooks/useModels.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { plural } from '../../lib/format.ts';
import { ModelRows } from '../ModelRows/ModelRows.tsx';
import { Alert } from '../ui/Alert.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Pager } from '../ui/Pager.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';

const limit = 50;

interface ModelRegistryProps {
  /** Shows the models of this run only, and no filter. */
  readonly of_run?: string;
}

/** Every stored checkpoint, newest first. Filter and page are part of the address. */
export function ModelRegistry({ of_run }: ModelRegistryProps) {
  const [params, setParams] = useSearchParams();
  const run_id = of_run ?? (params.get('run') || null);
  const offset = Math.max(0, Math.trunc(Number(params.get('offset'))) || 0);
  const { data, error, isLoading } = useModelPage({ run_id, limit, offset }, of_run !== undefined);
  const problem = useProblemDetail(error);
  const change = (name: string, value: string) =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (name === 'run') next.delete('offset');
      if (value === '') next.delete(name);
      else next.set(name, value);
      return next;
    });
  return (
    <Panel
      title="Models"
      note={data && `${plural(data.total, 'checkpoint')}, newest first`}
      actions={of_run === undefined && <RunFilter run_id={run_id} onPick={(picked) => change('run', picked)} />}
      testId="model-registry"
    >
      {problem !== null && <Alert>The models could not be loaded. {problem}</Alert>}
      {isLoading && <Skeleton className="h-40" />}
      {data?.total === 0 && (
        <EmptyState title={run_id === null ? 'No checkpoint yet' : 'This run has stored no checkpoint'}>
          An FL server stores one with <code className="font-mono text-2xs">PUT /api/models/…</code> and an API key that
          has the scope “models”.
        </EmptyState>
      )}
      {data !== undefined && data.items.length > 0 && <ModelRows label="Models" models={data.items} place="page" />}
      {data && (
        <Pager
          label="Pages of models"
          total={data.total}
          limit={limit}
          offset={offset}
          onOffset={(next) => change('offset', next === 0 ? '' : String(next))}
        />
      )}
    </Panel>
  );
}

interface RunFilterProps {
  readonly run_id: string | null;
  readonly onPick: (run_id: string) => void;
}

function RunFilter({ run_id, onPick }: RunFilterProps) {
  const runs = useRuns().data?.items ?? [];
  const isListed = run_id === null || runs.some((run) => run.run_id === run_id);
  return (
    <Select
      aria-label="Run"
      className="w-56 max-w-full"
      value={run_id ?? ''}
      onChange={(event) => onPick(event.target.value)}
    >
      <option value="">all runs</option>
      {!isListed && <option value={run_id}>{run_id}</option>}
      {runs.map((run) => (
        <option key={run.run_id} value={run.run_id}>
          {run.name}
        </option>
      ))}
    </Select>
  );
}
