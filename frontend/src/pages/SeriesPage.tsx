import { LiveGate } from '../components/LiveGate/LiveGate.tsx';
import { SeriesChart } from '../components/SeriesChart/SeriesChart.tsx';

export function SeriesPage() {
  return (
    <LiveGate title="Metrics">
      <p aria-hidden className="mb-4 text-[20px] leading-7 font-semibold">
        Metrics
      </p>
      <SeriesChart />
    </LiveGate>
  );
}
