import type { Run } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { useState } from 'react';
import { useNotify } from '../../hooks/useNotices.ts';
import { useEditRun } from '../../hooks/useRunActs.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { Field } from '../ui/Field.tsx';
import { Form } from '../ui/Form.tsx';
import { TextArea } from '../ui/TextArea.tsx';
import { DeleteRun } from './DeleteRun.tsx';
import { changeOf, draftOf } from './run-draft.ts';
import { texts } from './texts.ts';

interface EditRunDialogProps {
  /** As it was when the dialog opened. */
  readonly run: Run;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

export function EditRunDialog({ run, onClose, onDeleted }: EditRunDialogProps) {
  const before = draftOf(run);
  const [draft, setDraft] = useState(before);
  const [progress, edit] = useEditRun();
  const notify = useNotify();
  const change = changeOf(before, draft);
  const submit = async () => {
    if (!change || !(await edit(run.run_id, change))) return;
    const back = Object.fromEntries(Object.keys(change).map((key) => [key, run[key as keyof typeof change]]));
    notify({ text: texts.changed(run.name), undo: () => edit(run.run_id, back) });
    onClose();
  };
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={`Edit ${before.name}`}
      description="Everyone who watches the run sees it at once."
      testId="edit-run"
    >
      <Form
        progress={progress}
        verb="Save"
        isReady={change !== null && draft.name.trim() !== ''}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <Field
          label="Name"
          required
          maxLength={limits.name}
          autoComplete="off"
          value={draft.name}
          onChange={(event) => setDraft({ ...draft, name: event.target.value })}
        />
        <Field
          label="Tags, with commas between them"
          autoComplete="off"
          placeholder="baseline, non-iid"
          value={draft.tags}
          onChange={(event) => setDraft({ ...draft, tags: event.target.value })}
        />
        <TextArea
          label="Notes"
          rows={5}
          maxLength={limits.runNotes}
          value={draft.notes}
          onChange={(event) => setDraft({ ...draft, notes: event.target.value })}
        />
      </Form>
      <div className="border-t border-line pt-4">
        <DeleteRun run={run} onDeleted={onDeleted} />
      </div>
    </Dialog>
  );
}
