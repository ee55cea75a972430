import { useState } from 'react';
import { Attention } from '../components/Attention/Attention.tsx';
import { ClientGrid } from '../components/ClientGrid/ClientGrid.tsx';
import { Figures } from '../components/Figures/Figures.tsx';
import { MetricsChart } from '../components/MetricsChart/MetricsChart.tsx';
import { ModelTable } from '../components/ModelTable/ModelTable.tsx';
import { RecentRounds } from '../components/RecentRounds/RecentRounds.tsx';
import { RoundMonitor } from '../components/RoundMonitor/RoundMonitor.tsx';
import { RunCost } from '../components/RunCost/RunCost.tsx';
import { RunNotes } from '../components/RunNotes/RunNotes.tsx';
import { lazyPart } from '../components/ui/lazy-part.tsx';
import { useFLData } from '../hooks/useFLData.ts';

/** Below the fold, with a canvas that the first load need not carry. */
const ClientHeatMap = lazyPart({
  what: 'The map of clients by round',
  load: async () => (await import('../components/ClientHeatMap/ClientHeatMap.tsx')).ClientHeatMap,
});

interface Brush {
  readonly run_id: string | null;
  readonly rounds: { readonly min: number; readonly max: number } | null;
}

/** The overview of a run. One column on a phone, two on a desk, three on a wall. */
export function LivePage() {
  const run_id = useFLData((state) => state.viewer.run_id);
  // The rounds chosen in the chart or in the heat map; those of another run mean nothing in this one.
  const [brush, setBrush] = useState<Brush>({ run_id, rounds: null });
  const zoom = brush.run_id === run_id ? brush.rounds : null;
  const onZoom = (rounds: Brush['rounds']) => setBrush({ run_id, rounds });
  return (
    <>
      <RunNotes />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_412px] xl:grid-rows-[auto_1fr_auto] min-[118rem]:grid-cols-[minmax(0,1fr)_minmax(0,560px)_minmax(0,460px)] min-[118rem]:grid-rows-[auto_auto]">
        <div className="flex min-w-0 flex-col gap-4 xl:row-span-2 min-[118rem]:row-span-1">
          <RoundMonitor />
          <Figures />
          <MetricsChart zoom={zoom} onZoom={onZoom} />
          {run_id !== null && (
            <ClientHeatMap
              run_id={run_id}
              isSmall
              onRounds={(rounds) => onZoom(rounds && { min: rounds.from, max: rounds.to })}
            />
          )}
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Attention />
          <ClientGrid />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <RecentRounds />
          <RunCost />
        </div>
        <div className="col-span-full min-w-0">
          <ModelTable />
        </div>
      </div>
    </>
  );
}
