import { RunLog } from '../components/RunLog/RunLog.tsx';
import { useFLData } from '../hooks/useFLData.ts';

export function LogPage() {
  const run_id = useFLData((state) => state.viewer.run_id);
  return run_id === null ? null : <RunLog key={run_id} run_id={run_id} />;
}
