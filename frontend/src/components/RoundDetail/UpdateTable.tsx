import type { RoundDetail } from '@rondo/protocol';
import { Download } from 'lucide-react';
import { useDeferredValue, useMemo } from 'react';
import { type AddressChange, useAddress } from '../../hooks/useAddress.ts';
import { useAttentionMarks } from '../../hooks/useAttentionMarks.ts';
import { useIsPhone } from '../../hooks/useMedia.ts';
import { usePeekList } from '../../hooks/usePeekList.ts';
import { useSelectClient } from '../../hooks/useSelectClient.ts';
import { useTyped } from '../../hooks/useTyped.ts';
import { downloadText } from '../../lib/download.ts';
import { formatCount } from '../../lib/format.ts';
import { orderOfNames } from '../../lib/names.ts';
import { Button } from '../ui/Button.tsx';
import type { Sort } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { outcomeLooks } from '../ui/OutcomeText.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { nextSort, sortRows } from '../ui/sort-rows.ts';
import { VirtualTable } from '../ui/VirtualTable.tsx';
import { columnsFor, mediansOf } from './columns.tsx';
import {
  filterMeasures,
  filterUpdates,
  hasFilter,
  nameOfRange,
  troubleFirst,
  type UpdateFilter,
} from './filter-updates.ts';
import { metricNamesOf, updatesCsv } from './updates-csv.ts';

interface UpdateTableProps {
  readonly round: RoundDetail;
  readonly filter: UpdateFilter;
  readonly onFilter: (change: AddressChange) => void;
}

/** Every client's part in the round, trouble first, to sort, to search and to take away. */
export function UpdateTable({ round, filter, onFilter }: UpdateTableProps) {
  const updates = round.client_updates;
  const [params, change] = useAddress();
  const sort = readSort(params.get('sort'));
  const names = useMemo(() => metricNamesOf(updates), [updates]);
  const nameKey = JSON.stringify(names);
  const select = useSelectClient();
  const marks = useAttentionMarks();
  const isPhone = useIsPhone();
  const columns = useMemo(
    () => columnsFor({ metricNames: JSON.parse(nameKey), medians: mediansOf(updates), onOpen: select, marks, isPhone }),
    [nameKey, updates, select, marks, isPhone],
  );
  const text = useDeferredValue(filter.text);
  const rows = useMemo(() => {
    const found = filterUpdates(updates, { ...filter, text });
    const byName = orderOfNames(found.map(({ client_id }) => client_id));
    return sortRows(troubleFirst(found, byName), columns, sort);
  }, [updates, filter, text, columns, sort]);
  const ids = useMemo(() => rows.map(({ client_id }) => client_id as string), [rows]);
  const textField = useTyped(filter.text, (q) => onFilter({ q: q || null }));
  usePeekList(ids);
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
            {...textField}
            className="h-7 w-40 rounded-control border border-line bg-panel px-2.5 text-xs text-text placeholder:text-faint"
          />
          <Select
            aria-label="Outcome"
            value={filter.outcome ?? ''}
            onChange={(event) => onFilter({ outcome: event.target.value || null })}
          >
            <option value="">every outcome</option>
            {Object.entries(outcomeLooks).map(([key, { label }]) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </Select>
          {hasFilter(filter) && (
            <Button size="small" onClick={() => onFilter(noFilter)}>
              Show all
            </Button>
          )}
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
          onSort={(key) => change({ sort: writeSort(nextSort(sort, key)) })}
          maxHeight="max(360px, calc(100dvh - 200px))"
          minWidth={(isPhone ? 176 : 480) + 92 * (columns.length - 2)}
          {...(isPhone && { height: phoneRow })}
          isPinned
        />
      )}
    </Panel>
  );
}

/** Two lines of text. */
const phoneRow = 56;

const noFilter: AddressChange = {
  q: null,
  outcome: null,
  reason: null,
  ...Object.fromEntries(filterMeasures.map((measure) => [nameOfRange(measure), null])),
};

/** `sort=-norm` is descending. */
function readSort(text: string | null): Sort | null {
  if (text === null) return null;
  return text.startsWith('-') ? { key: text.slice(1), isDescending: true } : { key: text, isDescending: false };
}

const writeSort = ({ key, isDescending }: Sort): string => `${isDescending ? '-' : ''}${key}`;
