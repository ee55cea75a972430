import { ClientGrid } from '../components/ClientGrid/ClientGrid.tsx';
import { ClientHeatMap } from '../components/ClientHeatMap/ClientHeatMap.tsx';
import { SystemLoad } from '../components/SystemLoad/SystemLoad.tsx';
import { Deferred } from '../components/ui/Deferred.tsx';
import { lazyPart } from '../components/ui/lazy-part.tsx';
import { Skeleton } from '../components/ui/Skeleton.tsx';
import { useFLData } from '../hooks/useFLData.ts';

const Participation = lazyPart({
  what: 'The participation of the clients',
  load: async () => (await import('../components/Participation/Participation.tsx')).Participation,
});

export function ClientsPage() {
  const run_id = useFLData((state) => state.viewer.run_id);
  return (
    <div className="flex flex-col gap-4">
      {run_id !== null && <ClientHeatMap run_id={run_id} />}
      <Deferred fallback={<Skeleton className="h-[max(582px,calc(100dvh-160px))]" />}>
        <ClientGrid isTall />
        {run_id !== null && <Participation key={run_id} run_id={run_id} />}
        <SystemLoad />
      </Deferred>
    </div>
  );
}
