import type { ClientUpdate } from '@rondo/protocol';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { formatBytes, formatDuration, noValue } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { numberOf } from '../../lib/values.ts';
import type { Column, Sort } from '../ui/column.ts';
import { MetricText } from '../ui/MetricText.tsx';
import { OutcomeAndError, outcomeLooks } from '../ui/OutcomeText.tsx';
import { nextSort, sortRows } from '../ui/sort-rows.ts';
import { VirtualTable } from '../ui/VirtualTable.tsx';

interface ClientRoundsProps {
  readonly updates: readonly ClientUpdate[];
  /** On a page: with the columns that a drawer has no room for. */
  readonly isWide?: boolean;
}

/** What became of a client in each round, newest first. */
export function ClientRounds({ updates, isWide = false }: ClientRoundsProps) {
  const [sort, setSort] = useState<Sort | null>({ key: 'round', isDescending: true });
  const columns = isWide ? wideColumns : narrowColumns;
  const rows = useMemo(() => sortRows(updates, columns, sort), [updates, columns, sort]);
  return (
    <VirtualTable
      label="Its rounds"
      columns={columns}
      rows={rows}
      keyOf={(update) => update.round}
      sort={sort}
      onSort={(key) => setSort((before) => nextSort(before, key))}
      maxHeight={isWide ? 560 : 420}
      {...(isWide && { minWidth: 760, isPinned: true })}
    />
  );
}

const narrowColumns: readonly Column<ClientUpdate>[] = [
  {
    key: 'round',
    name: 'Round',
    className: 'w-20',
    sortBy: ({ round }) => round,
    cell: ({ round, run_id }) => (
      <Link
        to={runPath(run_id, `rounds/${round}`)}
        className="inline-flex min-h-6 items-center text-accent hover:underline"
      >
        {round}
      </Link>
    ),
  },
  {
    key: 'outcome',
    name: 'Outcome',
    sortBy: ({ outcome }) => outcomeLooks[outcome].label,
    cell: ({ outcome, error }) => <OutcomeAndError outcome={outcome} error={error} />,
  },
  {
    key: 'loss',
    name: 'Loss',
    align: 'end',
    className: 'w-24',
    sortBy: ({ train_loss }) => numberOf(train_loss),
    cell: (update) => <MetricText value={update.train_loss} />,
  },
  {
    key: 'time',
    name: 'Time',
    align: 'end',
    className: 'w-24 whitespace-nowrap',
    sortBy: ({ duration_ms }) => duration_ms,
    cell: ({ duration_ms }) => (duration_ms === null ? noValue : formatDuration(duration_ms)),
  },
];

const wideColumns: readonly Column<ClientUpdate>[] = [
  ...narrowColumns,
  {
    key: 'norm',
    name: 'Norm',
    align: 'end',
    className: 'w-24',
    sortBy: ({ update_norm }) => numberOf(update_norm),
    cell: (update) => <MetricText value={update.update_norm} />,
  },
  {
    key: 'cosine',
    name: 'Cosine',
    align: 'end',
    className: 'w-24',
    sortBy: ({ cosine_to_mean }) => numberOf(cosine_to_mean),
    cell: (update) => <MetricText value={update.cosine_to_mean} />,
  },
  {
    key: 'sent',
    name: 'Sent',
    align: 'end',
    className: 'w-24 whitespace-nowrap',
    sortBy: ({ bytes_up }) => bytes_up,
    cell: ({ bytes_up }) => (bytes_up === null ? noValue : formatBytes(bytes_up)),
  },
];
