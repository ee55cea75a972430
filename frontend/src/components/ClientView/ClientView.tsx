import type { ClientUpdate } from '@rondo/protocol';
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useAddress } from '../../hooks/useAddress.ts';
import { useClientHistory } from '../../hooks/useClientHistory.ts';
import { useRunsById } from '../../hooks/useCompared.ts';
import { useFLData } from '../../hooks/useFLData.ts';
import { useIsPast } from '../../hooks/usePast.ts';
import { groupReasons } from '../../lib/failure-reasons.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { ClientAttention } from '../ClientAttention/ClientAttention.tsx';
import { ClientFacts } from '../ClientFacts/ClientFacts.tsx';
import { ClientRounds } from '../ClientRounds/ClientRounds.tsx';
import { EnterPast } from '../EnterPast/EnterPast.tsx';
import { MeasureChart, measuresOf } from '../MeasureChart/MeasureChart.tsx';
import { RunLog } from '../RunLog/RunLog.tsx';
import { Alert } from '../ui/Alert.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { useChartView, writeZoom } from '../ui/chart-view.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { OutcomeStrip } from './OutcomeStrip.tsx';

/** One client over all its rounds, beside the others: of the run in the address, else of its newest. */
export function ClientView({ client_id }: { readonly client_id: string }) {
  const [params] = useAddress();
  const all = useClientHistory(client_id, null);
  const runs = useMemo(() => [...new Set((all.data?.items ?? []).map(({ run_id }) => run_id as string))], [all.data]);
  const run_id = params.get('run') ?? runs[0] ?? null;
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <h1 dir="auto" className="min-w-0 text-[20px] leading-7 font-semibold break-all">
          {client_id}
        </h1>
        <div className="flex items-center gap-2 max-sm:basis-full">
          {run_id !== null && <RunChoice runs={runs} run_id={run_id} />}
          {run_id !== null && <EnterPast run_id={run_id} />}
          <CopyButton text={location.href} what="to this client" label="Copy link" />
        </div>
      </div>
      {run_id === null ? (
        <Loaded what="The client" answer={all}>
          {() => (
            <EmptyState title="No rounds yet">What it returned shows here once it was selected for a round.</EmptyState>
          )}
        </Loaded>
      ) : (
        <OfRun key={run_id} client_id={client_id} run_id={run_id} />
      )}
    </>
  );
}

function RunChoice({ runs, run_id }: { readonly runs: readonly string[]; readonly run_id: string }) {
  const [, change] = useAddress();
  const ids = [...new Set([...runs, run_id])];
  const names = useRunsById(ids).data?.runs;
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-2 max-sm:flex-col max-sm:items-start max-sm:gap-0.5">
      <Select
        aria-label="Run"
        value={run_id}
        onChange={({ target }) => change({ run: target.value, from: null, to: null }, { isStep: true })}
        className="max-w-64"
      >
        {ids.map((id) => (
          <option key={id} value={id}>
            {names?.find((run) => run.run_id === id)?.name ?? id}
          </option>
        ))}
      </Select>
      <Link to={runPath(run_id)} className="inline-flex min-h-6 items-center text-xs text-accent hover:underline">
        Open the run
      </Link>
    </span>
  );
}

function OfRun({ client_id, run_id }: { readonly client_id: string; readonly run_id: string }) {
  const answer = useClientHistory(client_id, run_id);
  const isPast = useIsPast();
  const isNamed = useSearchParams()[0].get('run') === run_id;
  const isOnItsWay = useFLData(({ viewer, link }) => isNamed && viewer.run_id !== run_id && !link.is_missing);
  const client = useFLData(({ viewer }) => (viewer.run_id === run_id ? viewer.clients[client_id] : undefined));
  return (
    <div className="flex flex-col gap-4">
      <Panel title={isPast ? 'Then' : 'Now'} testId="client-facts">
        {isOnItsWay ? (
          <Skeleton className="h-48 sm:h-10" />
        ) : client === undefined ? (
          <p className="text-xs text-muted">Its state is shown while the run is on the live stream.</p>
        ) : (
          <ClientFacts client={client} isRoomy />
        )}
        {!isOnItsWay && (
          <div className="mt-4 empty:hidden">
            <ClientAttention client_id={client_id} run_id={run_id} />
          </div>
        )}
      </Panel>
      {/* Not before what stands above it, which would push it down. */}
      {!isOnItsWay && (
        <Loaded what="Its history" answer={answer}>
          {(history) =>
            history.items.length === 0 ? (
              <EmptyState title="It took part in no round of this run" />
            ) : (
              <History client_id={client_id} run_id={run_id} updates={history.items} total={history.total} />
            )
          }
        </Loaded>
      )}
      {!isOnItsWay && !answer.isLoading && <RunLog run_id={run_id} of_client={client_id} />}
    </div>
  );
}

interface HistoryProps {
  readonly client_id: string;
  readonly run_id: string;
  readonly updates: readonly ClientUpdate[];
  readonly total: number;
}

function History({ client_id, run_id, updates, total }: HistoryProps) {
  const [view, change] = useChartView('round');
  const measures = measuresOf(updates);
  const reasons = useMemo(() => groupReasons(updates), [updates]);
  return (
    <>
      {total > updates.length && (
        <Alert>
          The newest {formatCount(updates.length)} of its {formatCount(total)} rounds are shown.
        </Alert>
      )}
      <Panel title="What became of it" note={plural(updates.length, 'round')}>
        <OutcomeStrip run_id={run_id} updates={updates} />
        {reasons.length > 0 && (
          <ul aria-label="Why it failed" className="mt-3 flex flex-col gap-1 border-t border-line pt-3 text-sm">
            {reasons.map(({ key, count, title, example }) => (
              <li key={key} className="flex items-baseline gap-2">
                <span className="shrink-0 font-medium text-failed">{formatCount(count)} ×</span>
                <details className="min-w-0 grow">
                  <summary dir="auto" className="min-h-6 cursor-pointer truncate rounded-control text-soft">
                    {title}
                  </summary>
                  <pre className="mt-1 overflow-auto rounded-control bg-raised p-2 font-mono text-2xs leading-4 whitespace-pre-wrap text-soft">
                    {example}
                  </pre>
                </details>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      {measures.length > 0 && (
        <Panel
          title="Compared with the other clients"
          note="grey: the median and the middle half of all clients"
          testId="client-measures"
        >
          <div className="grid gap-x-6 gap-y-4 md:grid-cols-2 min-[118rem]:grid-cols-3">
            {measures.map((measure) => (
              <MeasureChart
                key={measure}
                client_id={client_id}
                run_id={run_id}
                updates={updates}
                measure={measure}
                zoom={view.zoom}
                onZoom={(zoom) => change(writeZoom(zoom), { isStep: true })}
              />
            ))}
          </div>
        </Panel>
      )}
      <Panel title="Its rounds" note={plural(updates.length, 'round')}>
        <ClientRounds updates={updates} isWide />
      </Panel>
    </>
  );
}
