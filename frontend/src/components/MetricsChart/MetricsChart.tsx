import type { Model } from '@rondo/protocol';
import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { LineChart } from '../../charts/LineChart.tsx';
import { xFormats } from '../../charts/options.ts';
import { prepare } from '../../charts/prepare.ts';
import type { Range, Tip } from '../../charts/types.ts';
import { useAddress } from '../../hooks/useAddress.ts';
import { useDispersion } from '../../hooks/useDispersion.ts';
import { useFLData } from '../../hooks/useFLData.ts';
import { useRoundAxis } from '../../hooks/useRoundAxis.ts';
import { formatNumber, noValue } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { pictureOf } from '../ui/chart-picture.ts';
import { useChartView, writeZoom } from '../ui/chart-view.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';
import { ChartControls } from './ChartControls.tsx';
import { ChartLegend } from './ChartLegend.tsx';
import { HistoryTable } from './HistoryTable.tsx';
import { historyCsv } from './history-csv.ts';
import { type Overview, overviewOf, spreadRows } from './overview.ts';

/** The clients' own loss, of which every FL server reports something. */
const usualBand = 'train_loss';
const checkpointsOf = (models: Readonly<Record<string, Model>>) => Object.values(models);

/** Is it learning, and for everyone? Loss and accuracy, how the clients are spread, and what happened meanwhile. */
export function MetricsChart() {
  const history = useFLData((state) => state.viewer.metrics_history);
  const run = useFLData((state) => state.viewer.run);
  const rounds = useFLData((state) => state.viewer.rounds);
  const models = useFLData((state) => state.viewer.models);
  const [view, change] = useChartView('round');
  const [params] = useAddress();
  const [cursor, setCursor] = useState<number | null>(null);
  const navigate = useNavigate();
  const run_id = run?.run_id ?? null;
  const band = params.get('band') ?? usualBand;
  const dispersion = useDispersion(run_id, band === 'none' ? null : band, history.at(-1)?.round ?? 0);
  const axis = useRoundAxis(run_id, view.x.key, history.length);
  const isByRound = view.x.key === 'round' || view.x.key === 'step';
  const last = history.at(-1)?.round ?? 0;
  const plannedEnd = isByRound ? (run?.num_rounds ?? null) : null;
  const xEnd = plannedEnd === null ? null : Math.min(plannedEnd, roomFor(last));

  const overview = useMemo(
    () => overviewOf({ history, dispersion, axis, rounds, checkpoints: checkpointsOf(models) }),
    [history, dispersion, axis, rounds, models],
  );
  const { x, lines, bands, marks } = overview;
  const isLog = view.yMode === 'log';
  const prepared = useMemo(
    () => prepare({ x, lines, smoothing: view.smoothing, isLog, xEnd }),
    [x, lines, view.smoothing, isLog, xEnd],
  );
  const onZoom = (zoom: Range | null) => change(writeZoom(zoom), { isStep: true });
  const tip = (index: number) =>
    tipOf(overview, index, dispersion?.measure ?? null, axis !== null ? view.x.kind : null);
  const picture = () =>
    pictureOf(
      {
        title: `Training progress: ${run?.name ?? ''}`,
        subtitle: `${run_id} · ${view.smoothing > 0 ? `smoothed ${view.smoothing} · ` : ''}up to round ${history.at(-1)?.round}`,
      },
      overview,
      prepared,
      view,
    );
  return (
    <Panel
      title="Training progress"
      className="flex grow flex-col"
      actions={
        <ChartControls
          view={view}
          change={change}
          domain={prepared.domain}
          isEmpty={history.length === 0}
          band={band}
          measures={dispersion?.measures ?? []}
          filename={`${run_id}-training-progress`}
          picture={picture}
          csv={() => historyCsv(overview)}
          onZoom={onZoom}
        />
      }
    >
      <div
        className="flex min-h-0 grow flex-col"
        data-testid="metrics-chart"
        data-points={prepared.points}
        data-last-round={history.at(-1)?.round}
      >
        {history.length === 0 ? (
          <div className="flex h-80 items-center justify-center">
            <EmptyState title="No values yet">
              Loss and accuracy are drawn here from the first round that reports them.
            </EmptyState>
          </div>
        ) : view.isTable ? (
          <HistoryTable history={history} />
        ) : (
          <>
            <div className="relative min-h-[clamp(260px,40vh,480px)] grow">
              <div className="absolute inset-0">
                <LineChart
                  label="Training progress"
                  xName={view.x.name}
                  lines={lines}
                  prepared={prepared}
                  zoom={view.zoom}
                  onZoom={onZoom}
                  onCursor={setCursor}
                  describe={(index) => describe(overview, index)}
                  tip={tip}
                  bands={bands}
                  marks={marks}
                  xKind={view.x.kind}
                  yMode={view.yMode}
                  onPick={(index) =>
                    run_id !== null && void navigate(runPath(run_id, `rounds/${overview.rounds[index] as number}`))
                  }
                />
              </div>
            </div>
            <ChartLegend overview={overview} prepared={prepared} cursor={cursor} xEnd={plannedEnd} band={band} />
          </>
        )}
      </div>
    </Panel>
  );
}

/** The curve has at least a quarter of the width: a run of 900 rounds is readable in its first ones as well. */
const roomFor = (last: number): number => Math.max(10, 4 * last);

function describe({ rounds, lines, marks, x }: Overview, index: number): string {
  const values = lines
    .filter(({ look }) => look !== 'edge')
    .map((line) => {
      const value = line.values[index] ?? null;
      return `${line.label} ${value === null ? 'not reported' : line.format(value)}`;
    });
  const notes = marks.filter((mark) => mark.x === x[index] && mark.kind !== 'not_finite').map(({ text }) => text);
  return `round ${rounds[index]}: ${[...values, ...notes].join(', ')}`;
}

function tipOf(overview: Overview, index: number, measure: string | null, kind: keyof typeof xFormats | null): Tip {
  const { rounds, lines, marks, x, spread } = overview;
  const main = lines.filter(({ look }) => look === undefined);
  const figures = spread[index] ?? null;
  const token = lines.find(({ look }) => look === 'thin')?.token ?? '--loss';
  const place = kind === null ? '' : ` · ${xFormats[kind](x[index] ?? 0)}`;
  return {
    title: `round ${rounds[index]}${place}`,
    rows: [
      ...main.map((line) => {
        const value = line.values[index] ?? null;
        const before =
          line.values.slice(0, index).findLast((known) => known !== null && Number.isFinite(known)) ?? null;
        const isKnown = value !== null && before !== null && Number.isFinite(value);
        const by = isKnown
          ? ` (${signed(line.axis === 'right' ? (value - before) * 100 : value - before)}${line.axis === 'right' ? ' pp' : ''})`
          : '';
        return { label: line.label, token: line.token, text: `${value === null ? noValue : line.format(value)}${by}` };
      }),
      ...(figures === null || measure === null ? [] : spreadRows(measure, figures).map((row) => ({ ...row, token }))),
    ],
    notes: marks.filter((mark) => mark.x === x[index]).map(({ text }) => text),
  };
}

const signed = (difference: number): string => `${difference < 0 ? '−' : '+'}${formatNumber(Math.abs(difference))}`;
