import type { FormEvent, ReactNode } from 'react';
import type { Progress } from '../../hooks/useSession.ts';
import { Alert } from './Alert.tsx';
import { Button } from './Button.tsx';

interface FormProps {
  readonly progress: Progress;
  readonly onSubmit: () => void;
  /** What the button does, as a verb. */
  readonly verb: string;
  readonly isReady?: boolean;
  readonly onCancel?: () => void;
  readonly children: ReactNode;
}

/** Fields, what went wrong, and the button. */
export function Form({ progress, onSubmit, verb, isReady = true, onCancel, children }: FormProps) {
  const isBusy = progress.state === 'busy';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {children}
      {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
      <div className="flex justify-end gap-2">
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
        <Button type="submit" look="primary" disabled={!isReady || isBusy}>
          {isBusy ? 'One moment…' : verb}
        </Button>
      </div>
    </form>
  );
}
