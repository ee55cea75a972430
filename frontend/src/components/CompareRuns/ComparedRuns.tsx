import type { Run, Series } from '@rondo/protocol';
import { useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { useSeriesOfRuns } from '../../hooks/useCompared.ts';
import { useMetricNames } from '../../hooks/useFLData.ts';
import { useTyped } from '../../hooks/useTyped.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { shortNames } from '../../lib/short-names.ts';
import { useChartView, writeTable, writeZoom } from '../ui/chart-view.ts';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { CompareChart } from './CompareChart.tsx';
import { CompareControls } from './CompareControls.tsx';
import { ComparedList } from './ComparedList.tsx';
import { ConfigDiff } from './ConfigDiff.tsx';
import { compareConfigs, isLowGood, isShare } from './compare.ts';
import type { ComparedGroup } from './compared-lines.ts';
import { FiguresTable } from './FiguresTable.tsx';
import { groupRuns } from './group-runs.ts';
import { Participation } from './Participation.tsx';

const usual = ['global_loss', 'global_accuracy'] as const;
const labels: Readonly<Record<string, string>> = { global_loss: 'Loss', global_accuracy: 'Accuracy' };
const labelOf = (metric: string): string => labels[metric] ?? metric;

/** More keys than this make no useful list to choose from. */
const mostKeys = 30;
/** More charts than this are a wall of metrics, which each run has. */
const mostMetrics = 12;

/** The charts share their axis, their zoom and their cursor. */
export function ComparedRuns({ runs }: { readonly runs: readonly Run[] }) {
  const [params, setParams] = useSearchParams();
  const [view, change] = useChartView('round');
  const [pointed, setPointed] = useState<string | null>(null);
  const hidden = new Set(params.getAll('hide'));
  const baseline = runs.find(({ run_id }) => run_id === params.get('baseline'))?.run_id ?? runs[0]?.run_id ?? null;
  const group = params.get('group') ?? '';
  const added = params.getAll('metric').slice(0, mostMetrics);
  const ids = useMemo(() => runs.map(({ run_id }) => run_id as string), [runs]);
  const configs = useMemo(() => compareConfigs(runs), [runs]);
  const nameOf = useMemo(() => shortNames(runs.map(({ name }) => name)), [runs]);
  const all = useMemo(
    () => groupRuns(runs, group).map((each) => (group === '' ? { ...each, name: nameOf(each.name) } : each)),
    [runs, group, nameOf],
  );
  const tokens = useMemo(() => new Map(all.flatMap((of) => of.run_ids.map((id) => [id, of.token]))), [all]);
  const tokenOf = (run_id: string) => tokens.get(run_id) ?? '--waiting';
  const hiddenKey = [...hidden].join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: a set is another one at each rendering.
  const groups = useMemo(() => withoutHidden(all, hidden), [all, hiddenKey]);
  const loss = useSeriesOfRuns(ids, usual[0], view.x.key);
  const accuracy = useSeriesOfRuns(ids, usual[1], view.x.key);
  const names = useMetricNames(baseline, null).data?.items ?? [];
  const highlighted = pointed === null ? null : (groups.find(({ run_ids }) => run_ids.includes(pointed))?.key ?? null);

  const setAll = (name: string, values: readonly string[]) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete(name);
        for (const value of values) next.append(name, value);
        return next;
      },
      { replace: true },
    );
  const chart = {
    groups,
    runs,
    view,
    highlighted,
    onZoom: (zoom: Parameters<typeof writeZoom>[0]) => change(writeZoom(zoom), { isStep: true }),
    onTable: (isTable: boolean) => change(writeTable(isTable)),
  };
  const shown = runs.filter(({ run_id }) => !hidden.has(run_id)).map((run) => ({ run, token: tokenOf(run.run_id) }));
  const atRound = wholeNumber(params.get('round'));
  const roundField = useTyped(String(atRound ?? ''), (round) => change({ round: round || null }));
  const measures = useMemo(
    () =>
      [loss.data, accuracy.data].map((series, at) => {
        const name = usual[at] as string;
        return { label: labelOf(name), isLowGood: isLowGood(name), isShare: isShare(name), series };
      }),
    [loss.data, accuracy.data],
  );
  return (
    <div className="grid gap-4 xl:grid-cols-[300px_minmax(0,1fr)] min-[118rem]:grid-cols-[360px_minmax(0,1fr)]">
      <Panel title="Runs" note={plural(runs.length, 'run')} className="self-start xl:sticky xl:top-4">
        <ComparedList
          runs={runs}
          nameOf={nameOf}
          tokenOf={tokenOf}
          hidden={hidden}
          baseline={baseline}
          onHide={(run_id) =>
            setAll('hide', hidden.has(run_id) ? [...hidden].filter((id) => id !== run_id) : [...hidden, run_id])
          }
          onBaseline={(run_id) => setAll('baseline', [run_id])}
          onHighlight={setPointed}
        />
      </Panel>
      <div className="flex min-w-0 flex-col gap-4">
        <CompareControls
          view={view}
          change={change}
          group={group}
          keys={configs.flatMap(({ key, isDifferent }) => (isDifferent ? [key] : [])).slice(0, mostKeys)}
          metrics={names.map(({ name }) => name).filter((name) => !(usual as readonly string[]).includes(name))}
          onMetric={(name) => setAll('metric', [...new Set([...added, name])])}
        />
        <div className="grid gap-4 min-[118rem]:grid-cols-3">
          {[loss, accuracy].map((answer, at) => {
            const metric = usual[at] as string;
            return (
              <Loaded key={metric} what={labelOf(metric)} answer={answer}>
                {(series) => <CompareChart {...chart} metric={metric} label={labelOf(metric)} series={series} />}
              </Loaded>
            );
          })}
          {added.map((metric) => (
            <AddedMetric
              key={metric}
              ids={ids}
              metric={metric}
              chart={chart}
              onRemove={() =>
                setAll(
                  'metric',
                  added.filter((name) => name !== metric),
                )
              }
            />
          ))}
          <Participation {...chart} />
        </div>
        <Panel
          title="Figures"
          note="differences are to the baseline"
          testId="compare-figures"
          actions={
            <label className="flex items-center gap-2 text-xs text-muted">
              At round
              <input
                type="number"
                min={0}
                placeholder={formatCount(runs.find(({ run_id }) => run_id === baseline)?.current_round ?? 0)}
                {...roundField}
                className="h-7 w-24 rounded-control border border-line bg-panel px-2 text-xs text-text placeholder:text-faint"
              />
            </label>
          }
        >
          <FiguresTable runs={shown} nameOf={nameOf} baseline={baseline} atRound={atRound} measures={measures} />
        </Panel>
        <Panel title="Config" note="what differs comes first" testId="compare-config">
          <ConfigDiff runs={runs} nameOf={nameOf} rows={configs} />
        </Panel>
      </div>
    </div>
  );
}

function withoutHidden(groups: readonly ComparedGroup[], hidden: ReadonlySet<string>): ComparedGroup[] {
  return groups
    .map((of) => ({ ...of, run_ids: of.run_ids.filter((id) => !hidden.has(id)) }))
    .filter(({ run_ids }) => run_ids.length > 0);
}

const wholeNumber = (text: string | null): number | null =>
  text !== null && /^\d{1,10}$/.test(text) ? Number(text) : null;

interface AddedMetricProps {
  readonly ids: readonly string[];
  readonly metric: string;
  readonly chart: Omit<Parameters<typeof CompareChart>[0], 'metric' | 'label' | 'series'>;
  readonly onRemove: () => void;
}

function AddedMetric({ ids, metric, chart, onRemove }: AddedMetricProps) {
  const answer = useSeriesOfRuns(ids, metric, chart.view.x.key);
  return (
    <Loaded what={metric} answer={answer}>
      {(series: ReadonlyMap<string, Series>) => (
        <CompareChart {...chart} metric={metric} label={metric} series={series} onRemove={onRemove} />
      )}
    </Loaded>
  );
}
