import type { Run } from '@rondo/protocol';
import { Pencil } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { Button } from '../ui/Button.tsx';

const EditRun = lazy(async () => ({ default: (await import('./EditRun.tsx')).EditRun }));

interface EditRunButtonProps {
  readonly run: Run;
  readonly onDeleted?: () => void;
}

/** Name, tags and notes are an admin's to change, and so is deleting. */
export function EditRunButton({ run, onDeleted }: EditRunButtonProps) {
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
          <EditRun
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
