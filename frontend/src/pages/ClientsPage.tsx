import { ClientGrid } from '../components/ClientGrid/ClientGrid.tsx';
import { ClientHeatMap } from '../components/ClientHeatMap/ClientHeatMap.tsx';
import { lazyPart } from '../components/ui/lazy-part.tsx';
import { useFLData } from '../hooks/useFLData.ts';
import { useSelectClient } from '../hooks/useSelectClient.ts';

const ClientDrawer = lazyPart({
  what: 'The client drawer',
  load: async () => (await import('../components/ClientDrawer/ClientDrawer.tsx')).ClientDrawer,
  isDialog: true,
});

export function ClientsPage() {
  const run_id = useFLData((state) => state.viewer.run_id);
  const hasClient = useFLData((state) => state.ui.selected_client !== null);
  const selectClient = useSelectClient();
  return (
    <div className="flex flex-col gap-4">
      {run_id !== null && <ClientHeatMap run_id={run_id} />}
      <ClientGrid isTall />
      {hasClient && <ClientDrawer onDismiss={() => selectClient(null)} />}
    </div>
  );
}
