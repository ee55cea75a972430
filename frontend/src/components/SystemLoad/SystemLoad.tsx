import type { Client } from '@rondo/protocol';
import { useMemo, useState } from 'react';
import { useSlowFLData } from '../../hooks/useFLData.ts';
import { useSelectClient } from '../../hooks/useSelectClient.ts';
import { formatBytes, formatPercent, noValue, plural } from '../../lib/format.ts';
import type { Column, Sort } from '../ui/column.ts';
import { OpenClient } from '../ui/OpenClient.tsx';
import { Panel } from '../ui/Panel.tsx';
import { nextSort, sortRows } from '../ui/sort-rows.ts';
import { VirtualTable } from '../ui/VirtualTable.tsx';

const everyMs = 2_000;

type Loaded = Client & { readonly system: NonNullable<Client['system']> };

/** What the machines of the clients report of themselves. Hidden where none does. */
export function SystemLoad() {
  const clients = useSlowFLData(({ viewer }) => viewer.clients, everyMs, Object.is, []);
  const rows = useMemo(
    () => Object.values(clients).filter((client): client is Loaded => client.system !== null),
    [clients],
  );
  const [sort, setSort] = useState<Sort | null>({ key: 'cpu', isDescending: true });
  const select = useSelectClient();
  const columns = useMemo(() => columnsFor(select), [select]);
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort]);
  if (rows.length === 0) return null;
  return (
    <Panel title="System load" note={`${plural(rows.length, 'client')}, as last reported`} testId="system-load">
      <VirtualTable
        label="System load of the clients"
        columns={columns}
        rows={sorted}
        keyOf={({ client_id }) => client_id}
        sort={sort}
        onSort={(key) => setSort((before) => nextSort(before, key))}
        maxHeight={360}
      />
    </Panel>
  );
}

function columnsFor(onOpen: (client_id: string) => void): readonly Column<Loaded>[] {
  return [
    {
      key: 'client',
      name: 'Client',
      sortBy: ({ client_id }) => client_id,
      cell: ({ client_id }) => <OpenClient client_id={client_id} onOpen={onOpen} />,
    },
    share('cpu', 'CPU', ({ system }) => system.cpu_percent),
    share('gpu', 'GPU', ({ system }) => system.gpu_percent),
    {
      key: 'memory',
      name: 'Memory',
      align: 'end',
      className: 'whitespace-nowrap',
      sortBy: ({ system }) => system.memory_bytes ?? null,
      cell: ({ system }) => (system.memory_bytes === undefined ? noValue : formatBytes(system.memory_bytes)),
    },
  ];
}

/** Several cores count more than 100 %. */
const share = (key: string, name: string, read: (client: Loaded) => number | undefined): Column<Loaded> => ({
  key,
  name,
  align: 'end',
  sortBy: (client) => read(client) ?? null,
  cell: (client) => {
    const percent = read(client);
    if (percent === undefined) return noValue;
    return (
      <span className="flex items-center justify-end gap-2">
        <span aria-hidden className="h-1.5 w-16 overflow-hidden rounded-full bg-raised max-sm:hidden">
          <span className="block h-full bg-accent" style={{ width: `${Math.min(100, percent)}%` }} />
        </span>
        {formatPercent(percent / 100, 0)}
      </span>
    );
  },
});
