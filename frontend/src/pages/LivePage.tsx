import { lazy, Suspense } from 'react';
import { ClientGrid } from '../components/ClientGrid/ClientGrid.tsx';
import { Figures } from '../components/Figures/Figures.tsx';
import { LiveGate } from '../components/LiveGate/LiveGate.tsx';
import { MetricsChart } from '../components/MetricsChart/MetricsChart.tsx';
import { ModelTable } from '../components/ModelTable/ModelTable.tsx';
import { RecentRounds } from '../components/RecentRounds/RecentRounds.tsx';
import { RoundMonitor } from '../components/RoundMonitor/RoundMonitor.tsx';
import { RunNotes } from '../components/RunNotes/RunNotes.tsx';
import { useFLData } from '../hooks/useFLData.ts';

/** Opened by hand, so nobody waits for it at first. */
const ClientDrawer = lazy(async () => ({
  default: (await import('../components/ClientDrawer/ClientDrawer.tsx')).ClientDrawer,
}));

/** Below the fold, with a canvas that the first load need not carry. */
const ClientHeatMap = lazy(async () => ({
  default: (await import('../components/ClientHeatMap/ClientHeatMap.tsx')).ClientHeatMap,
}));

export function LivePage() {
  const run_id = useFLData((state) => state.viewer.run_id);
  const hasClient = useFLData((state) => state.ui.selected_client !== null);
  return (
    <LiveGate>
      <RunNotes />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_412px]">
        <div className="flex min-w-0 flex-col gap-4">
          <RoundMonitor />
          <Figures />
          <MetricsChart />
          {run_id !== null && (
            <Suspense fallback={null}>
              <ClientHeatMap run_id={run_id} />
            </Suspense>
          )}
          <ModelTable />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <ClientGrid />
          <RecentRounds />
        </div>
      </div>
      {hasClient && (
        <Suspense fallback={null}>
          <ClientDrawer />
        </Suspense>
      )}
    </LiveGate>
  );
}
