import type { Scope } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { useState } from 'react';
import { useCreateKey, useManagedProjects } from '../../hooks/usePeople.ts';
import { Button } from '../ui/Button.tsx';
import { Choice } from '../ui/Choice.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Field } from '../ui/Field.tsx';
import { Form } from '../ui/Form.tsx';
import { SelectField } from '../ui/SelectField.tsx';
import { scopeWords } from './scopes.ts';

const dayMs = 86_400_000;
const lifetimes = [
  { days: 0, label: 'never' },
  { days: 30, label: 'in 30 days' },
  { days: 90, label: 'in 90 days' },
  { days: 365, label: 'in a year' },
] as const;

export function AddKey({ onClose }: { readonly onClose: () => void }) {
  const { secret, progress, create } = useCreateKey();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(['ingest', 'models']);
  const [days, setDays] = useState(0);
  const projects = useManagedProjects();
  const [chosen, setChosen] = useState<string | null>(null);
  const project = chosen ?? (projects.find(({ id }) => id === 'default') ?? projects[0])?.id;
  if (secret) return <ShowKey name={secret.name} secret={secret.key} onClose={onClose} />;
  const submit = () =>
    void create({
      name: name.trim(),
      scopes: [...scopes],
      ...(project !== undefined && { project_id: project }),
      expires_at: days === 0 ? null : new Date(Date.now() + days * dayMs).toISOString(),
    });
  const toggle = (scope: Scope, isOn: boolean) =>
    setScopes((before) => (isOn ? [...before, scope] : before.filter((each) => each !== scope)));
  return (
    <Dialog isOpen onOpenChange={onClose} title="Make an API key" testId="add-key">
      <Form
        progress={progress}
        verb="Make the key"
        isReady={name.trim() !== '' && scopes.length > 0}
        onSubmit={submit}
        onCancel={onClose}
      >
        <Field
          label="Name: which FL server it is for"
          autoComplete="off"
          maxLength={limits.name}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        {projects.length > 1 && (
          <SelectField label="Project" value={project} onChange={(event) => setChosen(event.target.value)}>
            {projects.map(({ id, name: title }) => (
              <option key={id} value={id}>
                {title === id ? id : `${title} (${id})`}
              </option>
            ))}
          </SelectField>
        )}
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-2 text-xs font-medium text-soft">It may</legend>
          {scopeWords.map(({ scope, label, hint }) => (
            <Choice
              key={scope}
              type="checkbox"
              label={label}
              hint={hint}
              checked={scopes.includes(scope)}
              onChange={(event) => toggle(scope, event.target.checked)}
            />
          ))}
        </fieldset>
        <SelectField label="It expires" value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {lifetimes.map(({ days: each, label }) => (
            <option key={each} value={each}>
              {label}
            </option>
          ))}
        </SelectField>
      </Form>
    </Dialog>
  );
}

interface ShowKeyProps {
  readonly name: string;
  readonly secret: string;
  readonly onClose: () => void;
}

function ShowKey({ name, secret, onClose }: ShowKeyProps) {
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={`The key “${name}”`}
      description="It is shown this once: copy it now. Who has it can report in this server's name."
      testId="show-key"
    >
      <div className="rounded-control border border-line bg-ground">
        <code data-testid="api-key" className="block p-3 font-mono text-xs break-all text-text">
          {secret}
        </code>
        <div className="flex justify-end border-t border-line p-1">
          <CopyButton text={secret} what="the key" />
        </div>
      </div>
      <p className="text-xs leading-5 text-muted">
        The reporter reads it from <code className="font-mono">RONDO_API_KEY</code> in the environment.
      </p>
      <Button look="primary" className="self-end" onClick={onClose}>
        I have copied it
      </Button>
    </Dialog>
  );
}
