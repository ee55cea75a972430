import type { ClientUpdate } from '@rondo/protocol';
import { useState } from 'react';
import type { Range } from '../../charts/types.ts';
import { useClientHistory } from '../../hooks/useClientHistory.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { ClientRounds } from '../ClientRounds/ClientRounds.tsx';
import { MeasureChart, measuresOf } from '../MeasureChart/MeasureChart.tsx';
import { Alert } from '../ui/Alert.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';

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
      <Charts updates={data.items} client_id={client_id} run_id={run_id} />
      <Outcomes updates={data.items} total={data.total} />
    </>
  );
}

function Charts({ updates, client_id, run_id }: { readonly updates: readonly ClientUpdate[] } & ClientHistoryProps) {
  const [zoom, setZoom] = useState<Range | null>(null);
  return (
    <div className="flex flex-col gap-4">
      {measuresOf(updates)
        .filter((measure) => peekMeasures.includes(measure))
        .map((measure) => (
          <MeasureChart
            key={measure}
            client_id={client_id}
            run_id={run_id}
            updates={updates}
            measure={measure}
            zoom={zoom}
            onZoom={setZoom}
          />
        ))}
    </div>
  );
}

/** What tells most of a client; its page has the others. */
const peekMeasures: readonly string[] = ['train_loss', 'update_norm'];

function Outcomes({ updates, total }: { readonly updates: readonly ClientUpdate[]; readonly total: number }) {
  return (
    <section aria-labelledby="client-rounds">
      <h3 id="client-rounds" className="mb-2 text-xs font-medium text-muted">
        Its rounds{total > updates.length && `, newest ${updates.length} of ${total}`}
      </h3>
      <ClientRounds updates={updates} />
    </section>
  );
}
