import type { ModelDetail } from '@rondo/protocol';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useDeleteModel } from '../../hooks/useModels.ts';
import { formatBytes } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';

interface DeleteModelProps {
  readonly model: ModelDetail;
  readonly onDeleted: () => void;
}

export function DeleteModel({ model, onDeleted }: DeleteModelProps) {
  const [isAsking, setAsking] = useState(false);
  const [progress, remove] = useDeleteModel();
  const confirm = async () => {
    const isDeleted = await remove(model);
    if (isDeleted) onDeleted();
    return isDeleted;
  };
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        <Trash2 aria-hidden size={14} />
        Delete…
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={`Delete ${model.version}?`}
          description={`${formatBytes(model.size_bytes)} are deleted from the store for everyone. This cannot be undone.${named(model)}`}
          verb={`Delete ${model.version}`}
          progress={progress}
          onConfirm={confirm}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

const named = ({ aliases }: ModelDetail): string =>
  aliases.length === 0 ? '' : ` It is what ${aliases.map((alias) => `“${alias}”`).join(' and ')} points at.`;
