import type { Alias, ModelDetail } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { type FormEvent, useState } from 'react';
import { useSetAlias } from '../../hooks/useModels.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Field } from '../ui/Field.tsx';

interface SetAliasProps {
  readonly model: ModelDetail;
  readonly aliases: readonly Alias[];
}

/** Names this version; taking a name from another one is asked about first. */
export function SetAlias({ model, aliases }: SetAliasProps) {
  const [name, setName] = useState('');
  const [isAsking, setAsking] = useState(false);
  const [progress, set] = useSetAlias();
  const alias = name.trim();
  const taken = aliases.find((each) => each.alias === alias && each.version !== model.version);
  const save = async () => {
    const isSet = await set(model.run_id, alias, model.version);
    if (isSet) setName('');
    return isSet;
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (taken) setAsking(true);
    else void save();
  };
  return (
    <form onSubmit={submit} className="mt-2 flex flex-col gap-2">
      <div className="flex items-end gap-2">
        <Field
          label="Another alias for this version"
          placeholder="pilot"
          maxLength={limits.alias}
          spellCheck={false}
          autoCapitalize="none"
          className="min-w-0 grow"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" size="large" disabled={alias === '' || progress.state === 'busy'}>
          Set
        </Button>
      </div>
      {progress.state === 'failed' && !isAsking && <Alert>{progress.detail}</Alert>}
      {isAsking && taken && (
        <ConfirmDialog
          title={`Move “${alias}” to ${model.version}?`}
          description={`It points at ${taken.version} now. Rolling it back brings it there again.`}
          verb="Move"
          look="primary"
          progress={progress}
          onConfirm={save}
          onClose={() => setAsking(false)}
        />
      )}
    </form>
  );
}
