import type { Run } from '@rondo/protocol';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useDeleteRun } from '../../hooks/useRunActs.ts';
import { Button } from '../ui/Button.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';

interface DeleteRunProps {
  readonly run: Run;
  readonly onDeleted: () => void;
}

export function DeleteRun({ run, onDeleted }: DeleteRunProps) {
  const [isAsking, setAsking] = useState(false);
  const [progress, remove] = useDeleteRun();
  const confirm = async () => {
    const isDeleted = await remove(run.run_id);
    if (isDeleted) onDeleted();
    return isDeleted;
  };
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        <Trash2 aria-hidden size={14} />
        Delete this run…
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={`Delete ${run.name}?`}
          description={`Its rounds, clients, metrics, logs and checkpoints are deleted with it, for everyone. This cannot be undone.${stillRunning(run)}`}
          verb="Delete the run"
          progress={progress}
          onConfirm={confirm}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

const stillRunning = ({ status }: Run): string =>
  status === 'running' ? ' It is still running: what its FL server reports from now on begins a new run.' : '';
