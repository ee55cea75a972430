import type { Run } from '@rondo/protocol';
import { Link } from 'react-router';
import { useFLData, useRuns } from '../../hooks/useFLData.ts';
import { useMoment } from '../../hooks/usePast.ts';
import { formatDuration } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { texts } from './texts.ts';

const silentSince = ({ status, condition }: Run): number | null =>
  status === 'running' && condition?.state === 'silent' ? Date.parse(condition.since) : null;

/** On the page that follows the newest run: the runs that started later and are passed over, because they are silent. [S9] */
export function SilentRuns() {
  const followed = useFLData((state) => state.viewer.run);
  const listed = useRuns().data?.items ?? [];
  const now = useMoment(10_000);
  if (followed === null || silentSince(followed) !== null) return null;
  const passed = listed.filter(
    (run) => silentSince(run) !== null && Date.parse(run.started_at) > Date.parse(followed.started_at),
  );
  if (passed.length === 0) return null;
  return (
    <ul aria-label={texts.label} className="mb-3 flex flex-col gap-1 text-xs text-muted wall:hidden">
      {passed.map((run) => (
        <li key={run.run_id}>
          <Link
            to={runPath(run.run_id)}
            dir="auto"
            className="inline-block min-h-6 font-medium text-accent hover:underline"
          >
            {run.name}
          </Link>{' '}
          {texts.passedOver(formatDuration(Math.max(1_000, now - (silentSince(run) ?? now))))}
        </li>
      ))}
    </ul>
  );
}
