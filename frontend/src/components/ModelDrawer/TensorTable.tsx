import type { ModelDetail, Tensor } from '@rondo/protocol';
import { useState } from 'react';
import { formatCount } from '../../lib/format.ts';
import type { Column } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Section } from '../ui/Section.tsx';
import { VirtualTable } from '../ui/VirtualTable.tsx';

/** Below this there is nothing to search. */
const worthFiltering = 12;

/** What is in the file, read from its header: names, shapes and types, never the weights. */
export function TensorTable({ model }: { readonly model: ModelDetail }) {
  const [text, setText] = useState('');
  const { tensors, tensor_count } = model;
  const wanted = text.trim().toLowerCase();
  const rows = wanted === '' ? tensors : tensors.filter(({ name }) => name.toLowerCase().includes(wanted));
  const note =
    tensor_count > tensors.length
      ? `the first ${formatCount(tensors.length)} of ${formatCount(tensor_count)}`
      : formatCount(tensor_count);
  return (
    <Section title="Tensors" note={tensor_count > 0 ? note : undefined}>
      {tensor_count === 0 ? (
        <EmptyState title="Nothing is known of its inside">
          Names, shapes and types are read from safetensors files; this one is “{model.format}”.
        </EmptyState>
      ) : (
        <>
          {tensors.length > worthFiltering && (
            <input
              type="search"
              aria-label="Search tensors by name"
              placeholder="Search by name…"
              value={text}
              onChange={(event) => setText(event.target.value)}
              className="mb-3 h-8 w-full rounded-control border border-edge bg-panel px-2.5 text-sm text-text placeholder:text-faint"
            />
          )}
          {rows.length === 0 ? (
            <p className="py-2 text-sm text-muted">No tensor is called “{text}”.</p>
          ) : (
            <VirtualTable label="Tensors" columns={columns} rows={rows} keyOf={({ name }) => name} maxHeight={380} />
          )}
        </>
      )}
    </Section>
  );
}

const columns: readonly Column<Tensor>[] = [
  {
    key: 'name',
    name: 'Name',
    className: 'w-1/2',
    cell: ({ name }) => (
      <span title={name} className="block truncate font-mono text-xs">
        {name}
      </span>
    ),
  },
  { key: 'dtype', name: 'Type', className: 'w-20 text-muted', cell: ({ dtype }) => dtype },
  {
    key: 'shape',
    name: 'Shape',
    align: 'end',
    cell: ({ shape }) => <span className="block truncate">{shape.length === 0 ? 'scalar' : shape.join(' × ')}</span>,
  },
];
