import type { Run } from '@rondo/protocol';
import { Pencil } from 'lucide-react';
import { useState } from 'react';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { Button } from '../ui/Button.tsx';
import { lazyPart } from '../ui/lazy-part.tsx';

const EditRunDialog = lazyPart({
  what: 'The dialog to edit a run',
  load: async () => (await import('./EditRunDialog.tsx')).EditRunDialog,
  isDialog: true,
});

interface EditRunProps {
  readonly run: Run;
  readonly onDeleted?: () => void;
}

/** Name, tags and notes are an admin's to change, and so is deleting. */
export function EditRun({ run, onDeleted }: EditRunProps) {
  const isAdmin = useIsAdmin();
  // The page may move on to another run while the dialog is open.
  const [edited, setEdited] = useState<Run | null>(null);
  if (!isAdmin) return null;
  const close = () => setEdited(null);
  return (
    <>
      <Button look="quiet" size="smallIcon" aria-label={`Edit ${run.name}`} title="Edit" onClick={() => setEdited(run)}>
        <Pencil aria-hidden size={14} />
      </Button>
      {edited && (
        <EditRunDialog
          run={edited}
          onClose={close}
          onDismiss={close}
          onDeleted={() => {
            close();
            onDeleted?.();
          }}
        />
      )}
    </>
  );
}
