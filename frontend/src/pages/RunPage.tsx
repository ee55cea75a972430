import { Navigate, Outlet, useLocation, useParams, useSearchParams } from 'react-router';
import { LiveGate } from '../components/LiveGate/LiveGate.tsx';
import { RunTabs } from '../components/RunTabs/RunTabs.tsx';
import { SilentRuns } from '../components/SilentRuns/SilentRuns.tsx';
import { canonicalTab, runPath, runTabs, tabOf } from '../lib/run-tabs.ts';

/** What surrounds the tabs of a run. */
export function RunPage() {
  const { run_id } = useParams();
  const [params] = useSearchParams();
  const shown = tabOf(useLocation().pathname);
  const asked = canonicalTab(params.get('tab'));
  if (asked !== null && run_id !== undefined) {
    const rest = new URLSearchParams(params);
    rest.delete('tab');
    return <Navigate to={{ pathname: runPath(run_id, asked), search: rest.toString() }} replace />;
  }
  return (
    <LiveGate title={shown === '' ? undefined : runTabs.find(({ key }) => key === shown)?.label}>
      <RunTabs />
      {run_id === undefined && <SilentRuns />}
      <Outlet />
    </LiveGate>
  );
}
