import type { Run } from '@rondo/protocol';
import { useNavigate, useParams } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useNow } from '../../hooks/useNow.ts';
import { serverNow } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/format.ts';
import { EditRun } from '../EditRun/EditRun.tsx';
import { RunPicker } from '../RunPicker/RunPicker.tsx';
import { Chip, type Tone } from '../ui/Chip.tsx';
import { RunStatusText } from '../ui/RunStatusText.tsx';

/** The run on screen: its name, framework, state, age and tags. */
export function RunHeader() {
  const run = useFLData((state) => (state.link.is_missing ? null : state.viewer.run));
  const navigate = useNavigate();
  const isFollowing = useParams().run_id === undefined;
  return (
    <div className="flex max-w-full min-w-0 flex-wrap sm:-ml-1.5 items-center gap-2">
      <RunPicker />
      {run?.framework && <Chip>{run.framework}</Chip>}
      {run && <RunState run={run} />}
      {run && (
        <span className="text-xs whitespace-nowrap text-muted max-sm:hidden">
          {isFollowing ? 'following the newest' : 'picked'}
        </span>
      )}
      {run && <RunTags tags={run.tags} />}
      {run && <EditRun run={run} onDeleted={() => void (isFollowing || navigate('/runs'))} />}
    </div>
  );
}

/** As many as fit beside the rest; the list of runs has them all. */
const mostTags = 3;

function RunTags({ tags }: Pick<Run, 'tags'>) {
  if (tags.length === 0) return null;
  return (
    <ul aria-label="Tags" title={tags.join(', ')} className="flex min-w-0 gap-1.5 text-xs text-muted max-xl:hidden">
      {tags.slice(0, mostTags).map((tag) => (
        <li key={tag} className="max-w-32 truncate">
          #{tag}
        </li>
      ))}
      {tags.length > mostTags && <li>+{tags.length - mostTags}</li>}
    </ul>
  );
}

const tones: Record<Run['status'], Tone> = { running: 'good', complete: 'plain', failed: 'bad', stopped: 'warning' };

function RunState({ run }: { readonly run: Run }) {
  const now = serverNow(useNow(1_000));
  const end = run.completed_at === null ? now : Date.parse(run.completed_at);
  return (
    <Chip tone={tones[run.status]}>
      <RunStatusText status={run.status} /> · {formatDuration(Math.max(1_000, end - Date.parse(run.started_at)))}
    </Chip>
  );
}
