import { ArrowLeft, ChevronLeft, ChevronRight } from 'lucide-react';
import { Link } from 'react-router';
import type { Range } from '../../charts/types.ts';
import { type AddressChange, changeAddress, useAddress } from '../../hooks/useAddress.ts';
import { useFLData, useMetricNames, useSeries } from '../../hooks/useFLData.ts';
import { useChartView, writeZoom } from '../ui/chart-view.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { SeriesControls } from './SeriesControls.tsx';
import { SeriesPicker } from './SeriesPicker.tsx';
import { SeriesPlot } from './SeriesPlot.tsx';
import { pictureOf } from './series-picture.ts';

/** Two for each pixel of a wide screen: the least and the greatest of what lies there. */
const maxPoints = 4_000;

/** Any series of the run at any zoom. Each zoom fetches its range again, so that every spike shows at every scale. */
export function SeriesChart() {
  const run_id = useFLData((state) => state.viewer.run_id);
  const [params, change] = useAddress();
  const [view] = useChartView('step');
  const name = params.get('name') ?? 'global_loss';
  const client_id = params.get('client') || null;
  const { zoom, x } = view;
  const onZoom = (range: Range | null) => change(writeZoom(range), { isStep: true });
  // Ranges of the server are steps; on another axis the chart alone zooms.
  const isBySteps = x.key === 'step';
  const answer = useSeries(
    run_id === null
      ? null
      : {
          run_id,
          name,
          client_id,
          range: isBySteps
            ? zoom && { from: clampStep(Math.floor(zoom.min)), to: clampStep(Math.ceil(zoom.max)) }
            : null,
          ...(!isBySteps && { x: x.key }),
          max_points: maxPoints,
        },
  );
  const series = answer.data;
  return (
    <Panel
      title="Series"
      testId="series-chart"
      note={<Neighbours name={name} client_id={client_id} />}
      actions={
        <SeriesControls
          series={series}
          view={view}
          change={change}
          onZoom={onZoom}
          picture={series ? () => pictureOf(series, view) : null}
        />
      }
    >
      <SeriesPicker
        name={name}
        client_id={client_id}
        onPick={(picked) =>
          // What was zoomed to in one series means nothing in another.
          change({ name: picked.name, client: picked.client_id, from: null, to: null }, { isStep: true })
        }
      />
      <Loaded what="The series" answer={answer}>
        {(data) =>
          data.total === 0 && zoom === null ? (
            <EmptyState title={`No values of “${name}”${client_id === null ? '' : ` by ${client_id}`}`}>
              Names are the FL server's own, letter by letter. Values show here as soon as one is reported.
            </EmptyState>
          ) : (
            <SeriesPlot series={data} view={view} isRefining={answer.isLoading} onZoom={onZoom} />
          )
        }
      </Loaded>
    </Panel>
  );
}

const clampStep = (step: number): number => Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, step));

/** Back to all metrics, and to the names before and after this one. */
function Neighbours({ name, client_id }: { readonly name: string; readonly client_id: string | null }) {
  const run_id = useFLData(({ viewer }) => viewer.run_id);
  const [params] = useAddress();
  const names = useMetricNames(run_id, client_id, 'all').data?.items ?? [];
  const at = names.findIndex((each) => each.name === name);
  const to = (next: string | null) => {
    const change: AddressChange =
      next === null ? { name: null, client: null, from: null, to: null } : { name: next, from: null, to: null };
    return { search: `?${changeAddress(params, change)}` };
  };
  const [previous, next] = at === -1 ? [] : [names[at - 1]?.name, names[at + 1]?.name];
  return (
    <nav aria-label="Metrics" className="flex items-center gap-1">
      <Link to={to(null)} className={`${linkLook} gap-1`}>
        <ArrowLeft aria-hidden size={13} />
        All metrics
      </Link>
      {previous !== undefined && (
        <Link to={to(previous)} aria-label={`Metric before it: ${previous}`} title={previous} className={linkLook}>
          <ChevronLeft aria-hidden size={14} />
        </Link>
      )}
      {next !== undefined && (
        <Link to={to(next)} aria-label={`Metric after it: ${next}`} title={next} className={linkLook}>
          <ChevronRight aria-hidden size={14} />
        </Link>
      )}
    </nav>
  );
}

const linkLook = 'inline-flex h-7 min-w-6 items-center justify-center rounded-control px-1 text-accent hover:underline';
