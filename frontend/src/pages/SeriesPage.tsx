import { MetricWall } from '../components/MetricWall/MetricWall.tsx';
import { SeriesChart } from '../components/SeriesChart/SeriesChart.tsx';
import { useAddress } from '../hooks/useAddress.ts';
import { useFLData } from '../hooks/useFLData.ts';

/** The tab with the metrics of a run: all of them, or the one that the address names. */
export function SeriesPage() {
  const [params] = useAddress();
  const run_id = useFLData(({ viewer }) => viewer.run_id);
  if (params.has('name') || params.has('client')) return <SeriesChart />;
  return run_id === null ? null : <MetricWall key={run_id} run_id={run_id} />;
}
