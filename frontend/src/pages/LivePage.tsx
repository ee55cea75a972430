import { Attention } from '../components/Attention/Attention.tsx';
import { ClientGrid } from '../components/ClientGrid/ClientGrid.tsx';
import { Figures } from '../components/Figures/Figures.tsx';
import { ModelTable } from '../components/ModelTable/ModelTable.tsx';
import { RecentRounds } from '../components/RecentRounds/RecentRounds.tsx';
import { RoundMonitor } from '../components/RoundMonitor/RoundMonitor.tsx';
import { RunCost } from '../components/RunCost/RunCost.tsx';
import { RunNotes } from '../components/RunNotes/RunNotes.tsx';
import { writeZoom } from '../components/ui/chart-view.ts';
import { Deferred } from '../components/ui/Deferred.tsx';
import { lazyPart } from '../components/ui/lazy-part.tsx';
import { Skeleton } from '../components/ui/Skeleton.tsx';
import { useAddress } from '../hooks/useAddress.ts';
import { useFLData } from '../hooks/useFLData.ts';

/** Below the fold, with a canvas that the first load need not carry. */
const ClientHeatMap = lazyPart({
  what: 'The map of clients by round',
  load: async () => (await import('../components/ClientHeatMap/ClientHeatMap.tsx')).ClientHeatMap,
});

const chartPlace = <Skeleton className="min-h-[clamp(420px,60vh,640px)] grow" />;

/** The figures above it are on screen before the chart's code is there. */
const MetricsChart = lazyPart({
  what: 'The training progress',
  load: async () => (await import('../components/MetricsChart/MetricsChart.tsx')).MetricsChart,
  fallback: chartPlace,
});

/** Most runs have no pin, and then there is nothing to show. */
const PinnedMetrics = lazyPart({
  what: 'The pinned metrics',
  load: async () => (await import('../components/PinnedMetrics/PinnedMetrics.tsx')).PinnedMetrics,
});

/** Below the fold, and not for the first look. */
const Convergence = lazyPart({
  what: 'Whether the run still learns',
  load: async () => (await import('../components/Convergence/Convergence.tsx')).Convergence,
});

// Their code is fetched while the run is: nothing of it depends on the run.
for (const part of [MetricsChart, Convergence, ClientHeatMap]) part.prefetch();

/** The overview of a run. One column on a phone, where trouble comes second; two on a desk, three on a wall. */
export function LivePage() {
  const run_id = useFLData((state) => state.viewer.run_id);
  const hasClients = useFLData((state) => isFilled(state.viewer.clients));
  const [, change] = useAddress();
  return (
    <>
      <RunNotes />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_412px] xl:grid-rows-[auto_1fr_auto] min-[118rem]:grid-cols-[minmax(0,1fr)_minmax(0,560px)_minmax(0,460px)] min-[118rem]:grid-rows-[auto_1fr]">
        <div className="flex min-w-0 flex-col gap-4 max-xl:contents xl:row-span-2">
          <div className="min-w-0 max-xl:-order-2">
            <RoundMonitor />
          </div>
          <Figures />
          <Deferred fallback={chartPlace}>
            <MetricsChart />
          </Deferred>
          <Deferred fallback={null}>
            {run_id !== null && <Convergence run_id={run_id} />}
            {run_id !== null && <PinnedMetrics run_id={run_id} />}
            {run_id !== null && (
              <ClientHeatMap
                run_id={run_id}
                isSmall
                // The chart is over rounds then, whatever it was over before.
                onRounds={(rounds) =>
                  change({ ...writeZoom(rounds && { min: rounds.from, max: rounds.to }), x: null }, { isStep: true })
                }
              />
            )}
          </Deferred>
        </div>
        <div className="flex min-w-0 flex-col gap-4 max-xl:contents min-[118rem]:row-span-2">
          <div className="min-w-0 empty:hidden max-xl:-order-1">
            <Attention />
          </div>
          <Deferred fallback={hasClients && <Skeleton className="h-[582px]" />}>
            <ClientGrid />
          </Deferred>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Deferred fallback={<Skeleton className="h-72" />}>
            <RecentRounds />
            <RunCost />
          </Deferred>
        </div>
        <div className="col-span-full min-w-0 min-[118rem]:col-start-3 wall:hidden">
          <ModelTable />
        </div>
      </div>
    </>
  );
}

/** Without a list of its keys, which the live stream would have made many times a second. */
function isFilled(record: Readonly<Record<string, unknown>>): boolean {
  for (const key in record) if (Object.hasOwn(record, key)) return true;
  return false;
}
