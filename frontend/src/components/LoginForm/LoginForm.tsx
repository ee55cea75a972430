import { type FormEvent, useState } from 'react';
import { useLogin } from '../../hooks/useSession.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { SingleSignOn } from './SingleSignOn.tsx';

interface LoginFormProps {
  /** Where to go afterwards. */
  readonly returnTo: string;
  readonly onSignedIn: () => void;
}

export function LoginForm({ returnTo, onSignedIn }: LoginFormProps) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [progress, login] = useLogin();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await login({ username, password })) onSignedIn();
    else setPassword('');
  };
  return (
    <>
      <form onSubmit={submit} className="flex flex-col gap-4" data-testid="login-form">
        <Field
          label="Username"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
        <Button type="submit" look="primary" size="large" disabled={progress.state === 'busy'}>
          {progress.state === 'busy' ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
      <SingleSignOn returnTo={returnTo} />
    </>
  );
}
