import { useState } from 'react';
import { useSearchParams } from 'react-router';
import type { Range } from '../../charts/types.ts';
import { useFLData, useSeries } from '../../hooks/useFLData.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { SeriesControls } from './SeriesControls.tsx';
import { SeriesPicker } from './SeriesPicker.tsx';
import { SeriesPlot } from './SeriesPlot.tsx';

/** Two for each pixel of a wide screen: the least and the greatest of what lies there. */
const maxPoints = 4_000;

/** Any series of the run at any zoom. Each zoom fetches its range again, so that every spike shows at every scale. */
export function SeriesChart() {
  const run_id = useFLData((state) => state.viewer.run_id);
  const [params, setParams] = useSearchParams();
  const name = params.get('name') ?? 'global_loss';
  const client_id = params.get('client') || null;
  const [isLog, setLog] = useState(false);
  const [zoomed, setZoomed] = useState<{ series: string; range: Range | null }>({ series: '', range: null });
  // What was zoomed to in one series means nothing in another.
  const series = JSON.stringify([run_id, name, client_id]);
  const zoom = zoomed.series === series ? zoomed.range : null;
  const onZoom = (range: Range | null) => setZoomed({ series, range });
  const answer = useSeries(
    run_id === null
      ? null
      : {
          run_id,
          name,
          client_id,
          range: zoom && { from: Math.max(0, Math.floor(zoom.min)), to: Math.max(0, Math.ceil(zoom.max)) },
          max_points: maxPoints,
        },
  );
  return (
    <Panel
      title="Series"
      testId="series-chart"
      actions={<SeriesControls series={answer.data} zoom={zoom} isLog={isLog} onLog={setLog} onZoom={onZoom} />}
    >
      <SeriesPicker
        name={name}
        client_id={client_id}
        onPick={(picked) =>
          setParams(
            new URLSearchParams({ name: picked.name, ...(picked.client_id !== null && { client: picked.client_id }) }),
          )
        }
      />
      <Loaded what="The series" answer={answer}>
        {(data) =>
          data.total === 0 && zoom === null ? (
            <EmptyState title={`No values of “${name}”${client_id === null ? '' : ` by ${client_id}`}`}>
              Names are the FL server's own, letter by letter. Values show here as soon as one is reported.
            </EmptyState>
          ) : (
            <SeriesPlot series={data} zoom={zoom} isLog={isLog} isRefining={answer.isLoading} onZoom={onZoom} />
          )
        }
      </Loaded>
    </Panel>
  );
}
