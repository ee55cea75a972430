import { type FormEvent, useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { SelectField } from '../ui/SelectField.tsx';
import { actions, describeAction } from './actions.ts';
import type { AuditFilterValues } from './audit-query.ts';

interface AuditFiltersProps {
  readonly filters: AuditFilterValues;
  readonly isFiltered: boolean;
  readonly onFilters: (filters: AuditFilterValues) => void;
}

const nothing: AuditFilterValues = { actor: '', action: '', target: '', from: '', to: '' };

export function AuditFilters({ filters, isFiltered, onFilters }: AuditFiltersProps) {
  const [draft, setDraft] = useState(filters);
  const set = (change: Partial<AuditFilterValues>) => setDraft((before) => ({ ...before, ...change }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onFilters(draft);
  };
  return (
    <form onSubmit={submit} aria-label="Filter the audit log" className="mb-4 flex flex-wrap items-end gap-3">
      <Field
        size="small"
        className="min-w-28 grow basis-28 sm:max-w-44"
        label="Who"
        value={draft.actor}
        onChange={(event) => set({ actor: event.target.value })}
      />
      <SelectField
        label="Did what"
        className="max-w-52"
        value={draft.action}
        onChange={(event) => onFilters({ ...draft, action: event.target.value })}
      >
        <option value="">anything</option>
        {actions.map((action) => (
          <option key={action} value={action}>
            {describeAction(action)}
          </option>
        ))}
      </SelectField>
      <Field
        size="small"
        className="min-w-28 grow basis-28 sm:max-w-44"
        label="To whom or what"
        value={draft.target}
        onChange={(event) => set({ target: event.target.value })}
      />
      <Field
        size="small"
        label="From"
        type="date"
        value={draft.from}
        onChange={(event) => set({ from: event.target.value })}
      />
      <Field
        size="small"
        label="To"
        type="date"
        value={draft.to}
        onChange={(event) => set({ to: event.target.value })}
      />
      <div className="flex gap-2">
        <Button type="submit">Filter</Button>
        {isFiltered && <Button onClick={() => onFilters(nothing)}>Show all</Button>}
      </div>
    </form>
  );
}
