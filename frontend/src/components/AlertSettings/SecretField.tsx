import { limits } from '@rondo/protocol/limits';
import { Button } from '../ui/Button.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Field } from '../ui/Field.tsx';

interface SecretFieldProps {
  readonly hasSecret: boolean;
  /** Undefined leaves it as it is; null removes it. */
  readonly secret: string | null | undefined;
  readonly onChange: (secret: string | null | undefined) => void;
}

const randomSecret = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Signs every request, so that the receiver knows that Rondo sent it. */
export function SecretField({ hasSecret, secret, onChange }: SecretFieldProps) {
  const state =
    secret === null
      ? 'Requests will not be signed.'
      : typeof secret === 'string'
        ? 'Copy it to the receiver now: it is not shown again.'
        : hasSecret
          ? 'Requests are signed with a secret that is stored and not shown.'
          : 'Requests are not signed.';
  return (
    <div className="flex flex-col gap-2">
      {typeof secret === 'string' && (
        <Field
          label="Signing secret, at least 16 characters"
          autoComplete="off"
          minLength={16}
          maxLength={limits.alertSecret}
          value={secret}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button size="small" onClick={() => onChange(randomSecret())}>
          {hasSecret || typeof secret === 'string' ? 'Make another signing secret' : 'Make a signing secret'}
        </Button>
        {typeof secret === 'string' && <CopyButton text={secret} what="the secret" />}
        {hasSecret && secret !== null && (
          <Button size="small" look="quiet" onClick={() => onChange(null)}>
            Remove it
          </Button>
        )}
      </div>
      <p className="text-xs text-muted" aria-live="polite">
        {state}
      </p>
    </div>
  );
}
