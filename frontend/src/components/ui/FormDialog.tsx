import type { ComponentProps } from 'react';
import { Dialog } from './Dialog.tsx';
import { Form } from './Form.tsx';

type FormDialogProps = Pick<ComponentProps<typeof Dialog>, 'title' | 'description' | 'testId'> &
  Pick<ComponentProps<typeof Form>, 'progress' | 'verb' | 'isReady' | 'children'> & {
    /** Says whether it is done; then the dialog closes. */
    readonly onSubmit: () => Promise<boolean>;
    readonly onClose: () => void;
  };

/** A form in a dialog that is closed when the form is done. */
export function FormDialog({ title, description, testId, onSubmit, onClose, ...form }: FormDialogProps) {
  const submit = async () => {
    if (await onSubmit()) onClose();
  };
  return (
    <Dialog isOpen onOpenChange={onClose} title={title} description={description} testId={testId}>
      <Form {...form} onSubmit={() => void submit()} onCancel={onClose} />
    </Dialog>
  );
}
