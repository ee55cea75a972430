import { ClientGrid } from '../components/ClientGrid/ClientGrid.tsx';
import { ClientHeatMap } from '../components/ClientHeatMap/ClientHeatMap.tsx';
import { SystemLoad } from '../components/SystemLoad/SystemLoad.tsx';
import { useFLData } from '../hooks/useFLData.ts';

export function ClientsPage() {
  const run_id = useFLData((state) => state.viewer.run_id);
  return (
    <div className="flex flex-col gap-4">
      {run_id !== null && <ClientHeatMap run_id={run_id} />}
      <ClientGrid isTall />
      <SystemLoad />
    </div>
  );
}
