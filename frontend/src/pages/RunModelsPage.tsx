import { ModelRegistry } from '../components/ModelRegistry/ModelRegistry.tsx';
import { useFLData } from '../hooks/useFLData.ts';

export function RunModelsPage() {
  const run_id = useFLData((state) => state.viewer.run_id);
  return run_id === null ? null : <ModelRegistry key={run_id} of_run={run_id} />;
}
