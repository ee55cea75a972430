import type { Run } from '@rondo/protocol';
import { Pencil } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { Button } from '../ui/Button.tsx';

const EditRunDialog = lazy(async () => ({ default: (await import('./EditRunDialog.tsx')).EditRunDialog }));

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
        <Suspense fallback={null}>
          <EditRunDialog
            run={edited}
            onClose={close}
            onDeleted={() => {
              close();
              onDeleted?.();
            }}
          />
        </Suspense>
      )}
    </>
  );
}
