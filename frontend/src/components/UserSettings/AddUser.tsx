import type { Role } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { useState } from 'react';
import { useCreateUser } from '../../hooks/usePeople.ts';
import { Field } from '../ui/Field.tsx';
import { FormDialog } from '../ui/FormDialog.tsx';
import { isGoodPassword, NewPasswordField } from '../ui/NewPasswordField.tsx';
import { RoleChoice } from './RoleChoice.tsx';

export function AddUser({ onClose }: { readonly onClose: () => void }) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [progress, create] = useCreateUser();
  const submit = () => create({ username: username.trim(), password, role });
  return (
    <FormDialog
      title="Add a user"
      description="Hand the password over yourself; they can change it under Settings."
      testId="add-user"
      progress={progress}
      verb="Add the user"
      isReady={username.trim() !== '' && isGoodPassword(password)}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label="Username"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={limits.username}
        required
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <NewPasswordField label="Password" value={password} onValue={setPassword} />
      <RoleChoice role={role} onRole={setRole} />
    </FormDialog>
  );
}
