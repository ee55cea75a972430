import type { Run } from '@rondo/protocol';
import { TriangleAlert } from 'lucide-react';
import { Link, useNavigate, useParams } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useMoment } from '../../hooks/usePast.ts';
import { formatDuration, formatMoment } from '../../lib/format.ts';
import { conditionWords, toneOf, troubleOf } from '../../lib/run-face.ts';
import { EditRun } from '../EditRun/EditRun.tsx';
import { EnterPast } from '../EnterPast/EnterPast.tsx';
import { ExportRun } from '../ExportRun/ExportRun.tsx';
import { RunPicker } from '../RunPicker/RunPicker.tsx';
import { Chip } from '../ui/Chip.tsx';
import { RunStatusText } from '../ui/RunStatusText.tsx';

/** The run on screen: its name, framework, state, age and tags. */
export function RunHeader() {
  const run = useFLData((state) => (state.link.is_missing ? null : state.viewer.run));
  const navigate = useNavigate();
  const isFollowing = useParams().run_id === undefined;
  return (
    <div className="contents max-w-full min-w-0 flex-wrap sm:flex items-center gap-x-2 gap-y-1.5 sm:-ml-1.5 xl:flex-nowrap">
      <nav
        aria-label="Breadcrumb"
        className="flex max-w-full min-w-16 items-center max-sm:basis-full text-base text-muted"
      >
        {!isFollowing && (
          <>
            <Link to="/runs" className="rounded-control px-1.5 leading-7 hover:text-text hover:underline">
              Runs
            </Link>
            <span aria-hidden>/</span>
          </>
        )}
        <RunPicker />
      </nav>
      {/* On a phone a line of its own, which is there before the run is: the page must not move down when it arrives. */}
      <div className="flex min-h-7 flex-wrap items-center gap-2 max-sm:basis-full sm:contents">
        {run && <RunState run={run} />}
      </div>
      {run?.framework && (
        <span className="max-sm:hidden">
          <Chip>
            <bdi className="max-w-40 truncate" title={run.framework}>
              {run.framework}
            </bdi>
          </Chip>
        </span>
      )}
      {run?.imported_at && (
        <Chip>
          <span title={formatMoment(run.imported_at, { style: 'utc' })}>imported</span>
        </Chip>
      )}
      {run && isFollowing && (
        <span className="text-xs whitespace-nowrap text-muted max-2xl:hidden">Following the newest run</span>
      )}
      {run && <RunTags tags={run.tags} />}
      {run === null ? (
        <span className="h-7" />
      ) : (
        <span className="flex wall:hidden">
          <EnterPast run_id={run.run_id} />
          <ExportRun run={run} />
          <EditRun run={run} onDeleted={() => void (isFollowing || navigate('/runs'))} />
        </span>
      )}
    </div>
  );
}

/** As many as fit beside the rest; the list of runs has them all. */
const mostTags = 3;

function RunTags({ tags }: Pick<Run, 'tags'>) {
  if (tags.length === 0) return null;
  return (
    <ul aria-label="Tags" title={tags.join(', ')} className="flex min-w-0 gap-1.5 text-xs text-muted max-2xl:hidden">
      {tags.slice(0, mostTags).map((tag) => (
        <li key={tag} dir="auto" className="max-w-32 truncate">
          #{tag}
        </li>
      ))}
      {tags.length > mostTags && <li>+{tags.length - mostTags}</li>}
    </ul>
  );
}

/** The reported status, its condition beside it, and how long the run has taken. */
function RunState({ run }: { readonly run: Run }) {
  const now = useMoment(1_000);
  const trouble = troubleOf(run);
  const end = run.completed_at === null ? now : Date.parse(run.completed_at);
  return (
    <>
      <Chip tone={toneOf(run)}>
        <RunStatusText run={run} />
        {/* On a phone, what is wrong has to stand beside it. */}
        <span className={trouble === null ? undefined : 'max-sm:hidden'}>
          · {formatDuration(Math.max(1_000, end - Date.parse(run.started_at)))}
        </span>
      </Chip>
      {trouble && (
        <span data-testid="run-condition" data-condition={trouble.state} title={trouble.detail ?? undefined}>
          <Chip tone="warning">
            <TriangleAlert aria-hidden size={12} />
            {conditionWords[trouble.state]} for {formatDuration(Math.max(1_000, now - Date.parse(trouble.since)))}
          </Chip>
        </span>
      )}
    </>
  );
}
