import { limits } from '@rondo/protocol/limits';
import { type FormEvent, useId, useState } from 'react';
import { useFLData, useMetricNames, useSlowFLData } from '../../hooks/useFLData.ts';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { isSameList, knownClients } from './known-clients.ts';

interface Picked {
  readonly name: string;
  readonly client_id: string | null;
}

interface SeriesPickerProps extends Picked {
  readonly onPick: (picked: Picked) => void;
}

/** Suggestions need not be of this very moment. */
const suggestEveryMs = 2_000;

/** Which series. Names that are known are suggested; any other can be typed. */
export function SeriesPicker(props: SeriesPickerProps) {
  return <PickerForm key={JSON.stringify([props.name, props.client_id])} {...props} />;
}

function PickerForm({ name, client_id, onPick }: SeriesPickerProps) {
  const [nameList, clientList] = [useId(), useId()];
  const [draft, setDraft] = useState({ name, client: client_id ?? '' });
  const client = draft.client.trim();
  // Half an id names no client.
  const isWhole = useFLData(({ viewer }) => client === (client_id ?? '') || viewer.clients[client] !== undefined);
  const run_id = useFLData(({ viewer }) => viewer.run_id);
  const names = useMetricNames(isWhole || client === '' ? run_id : null, client || null).data?.items ?? [];
  const clients = useSlowFLData((state) => knownClients(state.viewer), suggestEveryMs, isSameList, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onPick({ name: draft.name.trim(), client_id: client || null });
  };
  return (
    <form onSubmit={submit} aria-label="Pick a series" className="mb-4 flex flex-wrap items-end gap-3">
      <Field
        size="small"
        className="w-56 grow sm:grow-0"
        label="Name"
        list={nameList}
        autoComplete="off"
        spellCheck={false}
        required
        maxLength={limits.name}
        value={draft.name}
        onChange={(event) => setDraft({ ...draft, name: event.target.value })}
      />
      <Field
        size="small"
        className="w-56 grow sm:grow-0"
        label="Client"
        placeholder="the FL server itself"
        list={clientList}
        autoComplete="off"
        spellCheck={false}
        maxLength={limits.clientId}
        value={draft.client}
        onChange={(event) => setDraft({ ...draft, client: event.target.value })}
      />
      <Button type="submit" disabled={draft.name.trim() === ''}>
        Show
      </Button>
      <datalist id={nameList}>
        {names.map((each) => (
          <option key={each.name} value={each.name} />
        ))}
      </datalist>
      <datalist id={clientList}>
        {clients.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </form>
  );
}
