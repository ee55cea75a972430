import type { UserRecord } from '@rondo/protocol';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useChangeUser, useDeleteUser } from '../../hooks/usePeople.ts';
import { Button } from '../ui/Button.tsx';
import { Choice } from '../ui/Choice.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Form } from '../ui/Form.tsx';
import { isGoodPassword, NewPasswordField } from '../ui/NewPasswordField.tsx';
import { changeOf } from './change-of.ts';
import { RoleChoice } from './RoleChoice.tsx';

interface EditUserProps {
  readonly user: UserRecord;
  readonly isMe: boolean;
  readonly onClose: () => void;
}

export function EditUser({ user, isMe, onClose }: EditUserProps) {
  const [role, setRole] = useState(user.role);
  const [disabled, setDisabled] = useState(user.disabled);
  const [password, setPassword] = useState('');
  const [isDeleting, setDeleting] = useState(false);
  const [progress, change] = useChangeUser();
  const [deletion, remove] = useDeleteUser();
  const wanted = changeOf(user, { role, disabled, password });
  const submit = async () => {
    if (wanted && (await change(user.id, wanted))) onClose();
  };
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={user.username}
      description={`Every change ends ${isMe ? 'your own' : 'their'} sessions within a second${isMe ? ': you sign in again' : ''}.`}
      testId="edit-user"
    >
      <Form
        progress={progress}
        verb="Save"
        isReady={wanted !== null && (password === '' || isGoodPassword(password))}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <RoleChoice role={role} onRole={setRole} />
        <Choice
          type="checkbox"
          label="Disabled"
          hint="cannot sign in; what they did stays in the audit log"
          checked={disabled}
          onChange={(event) => setDisabled(event.target.checked)}
        />
        {user.provider === null && (
          <NewPasswordField
            label="New password, empty to keep it"
            isRequired={false}
            value={password}
            onValue={setPassword}
          />
        )}
      </Form>
      <div className="border-t border-line pt-4">
        <Button look="danger" onClick={() => setDeleting(true)}>
          <Trash2 aria-hidden size={14} />
          Delete this user…
        </Button>
      </div>
      {isDeleting && (
        <ConfirmDialog
          title={`Delete ${user.username}?`}
          description="They are signed out everywhere and cannot sign in again. What they did stays in the audit log. This cannot be undone; disabling can."
          verb={`Delete ${user.username}`}
          progress={deletion}
          onConfirm={async () => {
            const isDeleted = await remove(user.id);
            if (isDeleted) onClose();
            return isDeleted;
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </Dialog>
  );
}
