import { SeriesChart } from '../components/SeriesChart/SeriesChart.tsx';

/** The tab with the metrics of a run. */
export function SeriesPage() {
  return <SeriesChart />;
}
