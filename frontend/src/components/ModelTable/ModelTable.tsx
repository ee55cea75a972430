import { Link } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useModels } from '../../hooks/useRounds.ts';
import { plural } from '../../lib/format.ts';
import { ModelRows } from '../ModelRows/ModelRows.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';

const shown = 8;

/** What have we got? The run's stored checkpoints, newest first. */
export function ModelTable() {
  const all = useModels();
  const run_id = useFLData((state) => state.viewer.run_id);
  return (
    <Panel title="Models" note={all.length > 0 && <Note count={all.length} run_id={run_id} />} testId="model-table">
      {all.length === 0 ? (
        <EmptyState title="No checkpoint yet">
          Checkpoints show here as soon as the FL server stores one, with{' '}
          <code className="font-mono text-2xs">PUT /api/models/…</code>
        </EmptyState>
      ) : (
        <ModelRows label="Models of this run" models={all.slice(0, shown)} place="panel" />
      )}
    </Panel>
  );
}

function Note({ count, run_id }: { readonly count: number; readonly run_id: string | null }) {
  return (
    <>
      {count > shown ? `newest ${shown} of ${count}` : plural(count, 'checkpoint')}
      {' · '}
      <Link to={`/models?${new URLSearchParams({ run: run_id ?? '' })}`} className="text-accent underline">
        all
      </Link>
    </>
  );
}
