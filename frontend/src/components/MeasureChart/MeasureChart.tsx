import type { ClientUpdate } from '@rondo/protocol';
import { memo, useMemo } from 'react';
import { useNavigate } from 'react-router';
import type { ChartPicture } from '../../charts/export/chart-svg.ts';
import { LineChart } from '../../charts/LineChart.tsx';
import { prepare } from '../../charts/prepare.ts';
import type { Range, Tip } from '../../charts/types.ts';
import { useDispersion } from '../../hooks/useDispersion.ts';
import { toCsv } from '../../lib/csv.ts';
import { formatFactor, noValue } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { ChartMenu } from '../ChartMenu/ChartMenu.tsx';
import { besideMedian, type ClientSeries, clientSeries, measureLooks, type ShownMeasure } from './client-series.ts';

interface MeasureChartProps {
  readonly client_id: string;
  readonly run_id: string;
  readonly updates: readonly ClientUpdate[];
  readonly measure: ShownMeasure;
  readonly zoom: Range | null;
  readonly onZoom: (zoom: Range | null) => void;
}

/** One measure of the client. The charts of a page share the cursor and the range. */
export const MeasureChart = memo(function MeasureChart(props: MeasureChartProps) {
  const { client_id, run_id, updates, measure, zoom, onZoom } = props;
  const last = updates.reduce((newest, { round }) => Math.max(newest, round), 0);
  const dispersion = useDispersion(run_id, measure, last);
  const series = useMemo(() => clientSeries(updates, measure, dispersion), [updates, measure, dispersion]);
  const { rounds, lines, bands, marks } = series;
  const prepared = useMemo(
    () => prepare({ x: rounds, lines, smoothing: 0, isLog: false, xEnd: null }),
    [rounds, lines],
  );
  const navigate = useNavigate();
  const { label } = measureLooks[measure];
  const share = besideMedian(series);
  const picture = (): ChartPicture => ({
    title: `${label}: ${client_id}`,
    subtitle: run_id,
    xName: 'round',
    lines,
    prepared,
    range: zoom ?? prepared.domain,
    bands,
    marks,
    xKind: 'count',
    yMode: 'auto',
  });
  return (
    <section aria-label={label} className="min-w-0" data-testid="measure-chart" data-measure={measure}>
      <div className="mb-1 flex min-h-7 items-center justify-between gap-2">
        <h3 className="text-xs font-medium text-soft">{label}</h3>
        <span className="flex items-center gap-2 text-xs text-muted">
          {share !== null && <span>last: {formatFactor(share)} the median</span>}
          <ChartMenu
            what={label}
            isDisabled={prepared.points === 0}
            filename={`${run_id}-${client_id}-${measure}`}
            picture={picture}
            csv={() => seriesCsv(series, measure)}
          />
        </span>
      </div>
      <div className="h-40">
        <LineChart
          label={label}
          xName="round"
          lines={lines}
          prepared={prepared}
          zoom={zoom}
          onZoom={onZoom}
          describe={(index) => describe(series, index)}
          tip={(index) => tipOf(series, index)}
          bands={bands}
          marks={marks}
          syncKey={`client ${client_id}`}
          onPick={(index) => void navigate(runPath(run_id, `rounds/${rounds[index] as number}`))}
        />
      </div>
    </section>
  );
});

function tipOf({ rounds, lines, marks }: ClientSeries, index: number): Tip {
  const round = rounds[index] as number;
  const text = (key: string) => {
    const line = lines.find((each) => each.key === key);
    const value = line?.values[index] ?? null;
    return value === null ? noValue : (line?.format(value) ?? noValue);
  };
  const hasSpread = lines.length > 1;
  return {
    title: `round ${round}`,
    rows: [
      { label: 'this client', token: '--accent', text: text('client') },
      ...(hasSpread
        ? [
            { label: 'median of all', token: '--muted', text: text('median') },
            { label: 'middle half', token: '--muted', text: `${text('q1')} to ${text('q3')}` },
          ]
        : []),
    ],
    notes: marks.filter(({ x }) => x === round).map(({ text: words }) => words),
  };
}

const describe = (series: ClientSeries, index: number): string => {
  const { title, rows } = tipOf(series, index);
  return `${title}: ${rows.map(({ label, text }) => `${label} ${text}`).join(', ')}`;
};

const seriesCsv = ({ rounds, lines }: ClientSeries, measure: string): string =>
  toCsv(
    ['round', ...lines.map(({ key }) => (key === 'client' ? measure : `all_${key}`))],
    rounds.map((round, at) => [round, ...lines.map(({ values }) => values[at] ?? null)]),
  );

export { measuresOf } from './client-series.ts';
