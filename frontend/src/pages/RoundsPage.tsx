import { RoundTable } from '../components/RoundTable/RoundTable.tsx';
import { useFLData } from '../hooks/useFLData.ts';

export function RoundsPage() {
  const run_id = useFLData((state) => state.viewer.run_id);
  return run_id === null ? null : <RoundTable key={run_id} run_id={run_id} />;
}
