import type { ClientUpdate, Outcome } from '@rondo/protocol';
import { useMemo } from 'react';
import { LineChart } from '../../charts/LineChart.tsx';
import { prepare } from '../../charts/prepare.ts';
import { useClientHistory } from '../../hooks/useFLData.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { classes } from '../../lib/classes.ts';
import { formatDuration, noValue } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
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
          isLog={false}
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

const outcomeLooks: Record<Outcome, { label: string; text: string }> = {
  complete: { label: 'returned', text: 'text-returned' },
  failed: { label: 'failed', text: 'text-failed' },
  no_reply: { label: 'no reply', text: 'text-no-reply' },
  pending: { label: 'pending', text: 'text-muted' },
};

function Outcomes({ updates, total }: { readonly updates: readonly ClientUpdate[]; readonly total: number }) {
  const newestFirst = [...updates].sort((a, b) => b.round - a.round);
  return (
    <section aria-labelledby="client-rounds">
      <h3 id="client-rounds" className="mb-2 text-xs font-medium text-muted">
        Its rounds{total > updates.length && `, newest ${updates.length} of ${total}`}
      </h3>
      <table className="w-full text-right text-sm">
        <thead>
          <tr className="border-b border-line text-xs text-muted [&>th]:pb-2 [&>th]:font-normal">
            <th scope="col" className="text-left">
              Round
            </th>
            <th scope="col" className="text-left">
              Outcome
            </th>
            <th scope="col">Loss</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {newestFirst.map((update) => (
            <tr key={update.round} className="border-b border-line last:border-0 [&>td]:py-1.5">
              <th scope="row" className="py-1.5 text-left font-normal">
                {update.round}
              </th>
              <td className={classes('text-left', outcomeLooks[update.outcome].text)}>
                {outcomeLooks[update.outcome].label}
                {update.error !== null && <span className="block text-2xs break-words text-muted">{update.error}</span>}
              </td>
              <td>
                <MetricText value={update.train_loss} />
              </td>
              <td className="whitespace-nowrap">
                {update.duration_ms === null ? noValue : formatDuration(update.duration_ms)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
