import type { Run } from '@rondo/protocol';
import { Eye, EyeOff, Pin } from 'lucide-react';
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useRunsById, useSeriesOfRuns } from '../../hooks/useCompared.ts';
import { plural } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { RunStatusText } from '../ui/RunStatusText.tsx';
import { CompareChart } from './CompareChart.tsx';
import { ConfigDiff } from './ConfigDiff.tsx';
import { compareConfigs, isLowGood, maxCompared, tokenOf } from './compare.ts';
import { FiguresTable } from './FiguresTable.tsx';

const names = ['global_loss', 'global_accuracy'] as const;
const labels = { global_loss: 'Loss', global_accuracy: 'Accuracy' } as const;
const maxPoints = 1_000;

/** Runs beside each other: curves, figures and what differs in their config. All of it is in the address. */
export function CompareRuns() {
  const [params, setParams] = useSearchParams();
  const ids = [...new Set(params.getAll('run'))];
  const compared = ids.slice(0, maxCompared);
  const answer = useRunsById(compared);
  if (ids.length < 2) {
    return (
      <EmptyState title="Select the runs to compare">
        <Link to="/runs" className="text-accent underline">
          Select two or more in the list of runs
        </Link>
        , then press Compare.
      </EmptyState>
    );
  }
  return (
    <>
      {ids.length > maxCompared && (
        <Alert>
          {maxCompared} of {ids.length} runs are shown: more cannot be told apart. Select fewer.
        </Alert>
      )}
      <Loaded what="The runs" answer={answer}>
        {({ runs, missing }) => (
          <>
            {missing.length > 0 && (
              <Alert>
                {plural(missing.length, 'run')} could not be read: {missing.join(', ')}
              </Alert>
            )}
            <Compared runs={runs} params={params} setParams={setParams} />
          </>
        )}
      </Loaded>
    </>
  );
}

interface ComparedProps {
  readonly runs: readonly Run[];
  readonly params: URLSearchParams;
  readonly setParams: (next: URLSearchParams, options: { replace: boolean }) => void;
}

function Compared({ runs, params, setParams }: ComparedProps) {
  const hidden = new Set(params.getAll('hide'));
  const baseline = runs.find(({ run_id }) => run_id === params.get('baseline'))?.run_id ?? runs[0]?.run_id ?? null;
  const ids = useMemo(() => runs.map(({ run_id }) => run_id as string), [runs]);
  const loss = useSeriesOfRuns(ids, names[0], maxPoints);
  const accuracy = useSeriesOfRuns(ids, names[1], maxPoints);
  const answers = { global_loss: loss, global_accuracy: accuracy };
  const configs = useMemo(() => compareConfigs(runs), [runs]);
  const setHidden = (run_id: string) => {
    const next = new URLSearchParams(params);
    next.delete('hide');
    for (const id of hidden) if (id !== run_id) next.append('hide', id);
    if (!hidden.has(run_id)) next.append('hide', run_id);
    setParams(next, { replace: true });
  };
  const setBaseline = (run_id: string) => {
    const next = new URLSearchParams(params);
    next.set('baseline', run_id);
    setParams(next, { replace: true });
  };
  const shown = runs.map((run, index) => ({ run, token: tokenOf(index) })).filter(({ run }) => !hidden.has(run.run_id));
  return (
    <div className="grid gap-4 xl:grid-cols-[300px_minmax(0,1fr)]">
      <Panel title="Runs" note={plural(runs.length, 'run')} className="self-start">
        <ul className="max-h-[70vh] overflow-auto">
          {runs.map((run, index) => (
            <li key={run.run_id} className="flex min-h-8 items-center gap-2 text-sm">
              <span
                aria-hidden
                className="size-2.5 shrink-0 rounded-xs"
                style={{ background: `var(${tokenOf(index)})` }}
              />
              <Link
                to={`/runs/${encodeURIComponent(run.run_id)}`}
                title={run.run_id}
                dir="auto"
                className="min-w-0 grow truncate hover:text-accent hover:underline"
              >
                {run.name}
              </Link>
              <RunStatusText run={run} />
              <Button
                look="quiet"
                size="tinyIcon"
                aria-label={`${run.name} is the baseline`}
                aria-pressed={run.run_id === baseline}
                title="Baseline: differences are to this run"
                onClick={() => setBaseline(run.run_id)}
              >
                <Pin aria-hidden size={13} />
              </Button>
              <Button
                look="quiet"
                size="tinyIcon"
                aria-label={`Show ${run.name}`}
                aria-pressed={!hidden.has(run.run_id)}
                onClick={() => setHidden(run.run_id)}
              >
                {hidden.has(run.run_id) ? <EyeOff aria-hidden size={13} /> : <Eye aria-hidden size={13} />}
              </Button>
            </li>
          ))}
        </ul>
      </Panel>
      <div className="flex min-w-0 flex-col gap-4">
        {names.map((name) => (
          <Panel key={name} title={labels[name]}>
            <Loaded what={labels[name]} answer={answers[name]}>
              {(series) => (
                <CompareChart
                  label={labels[name]}
                  compared={shown.map(({ run, token }) => ({
                    run_id: run.run_id,
                    name: run.name,
                    token,
                    series: series.get(run.run_id),
                  }))}
                />
              )}
            </Loaded>
          </Panel>
        ))}
        <Panel title="Figures" note="differences are to the baseline">
          <FiguresTable
            runs={shown}
            baseline={baseline}
            measures={names.map((name) => ({
              label: labels[name],
              isLowGood: isLowGood(name),
              isShare: name === 'global_accuracy',
              series: answers[name].data,
            }))}
          />
        </Panel>
        <Panel title="Config" note="what differs comes first">
          <ConfigDiff runs={runs} rows={configs} />
        </Panel>
      </div>
    </div>
  );
}
