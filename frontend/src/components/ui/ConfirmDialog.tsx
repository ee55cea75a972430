import type { ReactNode } from 'react';
import type { Progress } from '../../hooks/useSession.ts';
import { Alert } from './Alert.tsx';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';

interface ConfirmDialogProps {
  readonly title: string;
  readonly description: ReactNode;
  /** What the button does, as a verb. */
  readonly verb: string;
  readonly progress: Progress;
  /** Resolves to whether it was done; then the dialog closes. */
  readonly onConfirm: () => Promise<boolean>;
  readonly onClose: () => void;
  readonly look?: 'danger' | 'primary';
  readonly children?: ReactNode;
}

/** Asks once more before something that cannot simply be undone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, description, verb, progress, onConfirm, onClose, look = 'danger', children } = props;
  const isBusy = progress.state === 'busy';
  const confirm = async () => {
    if (await onConfirm()) onClose();
  };
  return (
    <Dialog isOpen onOpenChange={onClose} title={title} description={description} testId="confirm-dialog">
      {children}
      {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button look={look} disabled={isBusy} onClick={() => void confirm()}>
          {isBusy ? 'One moment…' : verb}
        </Button>
      </div>
    </Dialog>
  );
}
