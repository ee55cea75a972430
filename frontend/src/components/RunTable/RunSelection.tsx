import type { ListedRun } from '@rondo/protocol';
import { GitCompareArrows, Tag, Trash2, X } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useNotify } from '../../hooks/useNotices.ts';
import { useDeleteRun, useEditRun } from '../../hooks/useRunActs.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { plural } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { texts } from './texts.ts';

interface RunSelectionProps {
  readonly runs: readonly ListedRun[];
  readonly onClear: () => void;
}

/** What can be done with the selected runs. */
export function RunSelection({ runs, onClear }: RunSelectionProps) {
  const isAdmin = useIsAdmin();
  const [isDeleting, setDeleting] = useState(false);
  const [deletion, remove] = useDeleteRun();
  const [edit, change] = useEditRun();
  const notify = useNotify();
  const addTag = async () => {
    const tag = prompt(`Tag for ${plural(runs.length, 'run')}`)?.trim();
    if (!tag) return;
    const tagged: ListedRun[] = [];
    for (const run of runs) {
      if (run.tags.includes(tag)) continue;
      if (!(await change(run.run_id, { tags: [...run.tags, tag] }))) break;
      tagged.push(run);
    }
    if (tagged.length === 0) return;
    notify({
      text: texts.tagged(tag, tagged.length),
      undo: async () => {
        for (const { run_id, tags } of tagged) if (!(await change(run_id, { tags: [...tags] }))) return false;
        return true;
      },
    });
  };
  const deleteAll = async () => {
    for (const { run_id } of runs) if (!(await remove(run_id))) return false;
    onClear();
    return true;
  };
  return (
    <div
      role="toolbar"
      aria-label="Selected runs"
      className="sticky bottom-3 z-20 mx-auto mt-3 flex w-fit flex-wrap items-center gap-2 rounded-panel border border-edge bg-raised px-3 py-2 text-sm"
    >
      <span>{runs.length} selected</span>
      <Link
        to={`/compare?${new URLSearchParams(runs.map(({ run_id }) => ['run', run_id]))}`}
        className="inline-flex h-7 items-center gap-1.5 rounded-control bg-accent px-2.5 text-xs font-medium text-on-accent"
      >
        <GitCompareArrows aria-hidden size={14} />
        Compare
      </Link>
      {isAdmin && (
        <>
          <Button size="small" disabled={edit.state === 'busy'} onClick={() => void addTag()}>
            <Tag aria-hidden size={14} />
            Tag…
          </Button>
          <Button size="small" look="danger" onClick={() => setDeleting(true)}>
            <Trash2 aria-hidden size={14} />
            Delete…
          </Button>
        </>
      )}
      {edit.state === 'failed' && <span className="text-failed">{edit.detail}</span>}
      <Button look="quiet" size="smallIcon" aria-label="Clear the selection" onClick={onClear}>
        <X aria-hidden size={14} />
      </Button>
      {isDeleting && (
        <ConfirmDialog
          title={`Delete ${plural(runs.length, 'run')}?`}
          description={`${runs
            .slice(0, 5)
            .map(({ name }) => name)
            .join(
              ', ',
            )}${runs.length > 5 ? ` and ${runs.length - 5} more` : ''}. Their rounds, clients, metrics, logs and checkpoints are deleted as well. This cannot be undone.`}
          verb={`Delete ${plural(runs.length, 'run')}`}
          progress={deletion}
          onConfirm={deleteAll}
          onClose={() => setDeleting(false)}
        />
      )}
    </div>
  );
}
