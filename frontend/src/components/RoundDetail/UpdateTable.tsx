import type { ClientUpdate, Outcome, RoundDetail } from '@rondo/protocol';
import { Download } from 'lucide-react';
import { useMemo, useState } from 'react';
import { downloadText } from '../../lib/download.ts';
import { formatCount } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import type { Sort } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { outcomeLooks } from '../ui/OutcomeText.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { nextSort, sortRows } from '../ui/sort-rows.ts';
import { VirtualTable } from '../ui/VirtualTable.tsx';
import { columnsFor } from './columns.tsx';
import { metricNamesOf, updatesCsv } from './updates-csv.ts';

/** Every client's part in the round, to sort, to search and to take away. */
export function UpdateTable({ round }: { readonly round: RoundDetail }) {
  const updates = round.client_updates;
  const [text, setText] = useState('');
  const [outcome, setOutcome] = useState<Outcome | ''>('');
  const [sort, setSort] = useState<Sort | null>({ key: 'client', isDescending: false });
  const names = useMemo(() => metricNamesOf(updates), [updates]);
  const nameKey = JSON.stringify(names);
  const columns = useMemo(() => columnsFor(JSON.parse(nameKey)), [nameKey]);
  const rows = useMemo(
    () => sortRows(filterUpdates(updates, text, outcome), columns, sort),
    [updates, text, outcome, columns, sort],
  );
  const note = `${rows.length < updates.length ? `${formatCount(rows.length)} of ` : ''}${formatCount(updates.length)}`;
  return (
    <Panel
      title="Clients"
      note={note}
      testId="update-table"
      actions={
        <div className="flex flex-wrap items-center gap-1.5">
          <input
            type="search"
            aria-label="Search clients by name"
            placeholder="Search by name…"
            value={text}
            onChange={(event) => setText(event.target.value)}
            className="h-7 w-40 rounded-control border border-line bg-panel px-2.5 text-xs text-text placeholder:text-faint"
          />
          <Select
            aria-label="Outcome"
            value={outcome}
            onChange={(event) => setOutcome(event.target.value as Outcome | '')}
          >
            <option value="">every outcome</option>
            {Object.entries(outcomeLooks).map(([key, { label }]) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </Select>
          <Button
            size="small"
            disabled={updates.length === 0}
            onClick={() => downloadText(`round-${round.round}-clients.csv`, updatesCsv(updates), 'text/csv')}
          >
            <Download aria-hidden size={14} />
            CSV of all
          </Button>
        </div>
      }
    >
      {updates.length === 0 ? (
        <EmptyState title="No client has been selected by name">
          What clients return shows here, one row for each.
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyState title="No client matches" />
      ) : (
        <VirtualTable
          label="Clients of the round"
          columns={columns}
          rows={rows}
          keyOf={(update) => update.client_id}
          sort={sort}
          onSort={(key) => setSort((before) => nextSort(before, key))}
          maxHeight={560}
          minWidth={360 + 96 * (columns.length - 2)}
        />
      )}
    </Panel>
  );
}

function filterUpdates(updates: readonly ClientUpdate[], text: string, outcome: Outcome | ''): readonly ClientUpdate[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '' && outcome === '') return updates;
  return updates.filter(
    (update) => (outcome === '' || update.outcome === outcome) && update.client_id.toLowerCase().includes(wanted),
  );
}
