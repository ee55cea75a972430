import { useState } from 'react';
import { useChangePassword } from '../../hooks/usePeople.ts';
import { Field } from '../ui/Field.tsx';
import { Form } from '../ui/Form.tsx';
import { isGoodPassword, NewPasswordField } from '../ui/NewPasswordField.tsx';
import { Panel } from '../ui/Panel.tsx';

export function ChangePassword({ username }: { readonly username: string }) {
  const [current, setCurrent] = useState('');
  const [wanted, setWanted] = useState('');
  const [isDone, setDone] = useState(false);
  const [progress, change] = useChangePassword();
  const submit = async () => {
    setDone(false);
    if (!(await change(current, wanted))) return;
    setCurrent('');
    setWanted('');
    setDone(true);
  };
  return (
    <Panel title="Change password">
      <Form
        progress={progress}
        verb="Change password"
        isReady={current !== '' && isGoodPassword(wanted)}
        onSubmit={() => void submit()}
      >
        {/* For password managers: whose password it is. */}
        <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
        <Field
          label="Current password"
          type="password"
          autoComplete="current-password"
          required
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
        />
        <NewPasswordField label="New password" value={wanted} onValue={setWanted} />
        <p role="status" className="text-xs text-muted">
          {isDone ? (
            <span className="text-returned">Changed. All your other sessions have ended.</span>
          ) : (
            'All your other sessions end with it.'
          )}
        </p>
      </Form>
    </Panel>
  );
}
