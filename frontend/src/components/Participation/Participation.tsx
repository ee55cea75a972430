import type { Participation as Judged } from '@rondo/protocol';
import { useMemo, useState } from 'react';
import { useFLData } from '../../hooks/useFLData.ts';
import { useParticipation } from '../../hooks/useInsight.ts';
import { useSelectClient } from '../../hooks/useSelectClient.ts';
import { formatCount, formatNumber, noValue } from '../../lib/format.ts';
import type { Sort } from '../ui/column.ts';
import { Detail, Details } from '../ui/Details.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { nextSort, sortRows } from '../ui/sort-rows.ts';
import { VirtualTable } from '../ui/VirtualTable.tsx';
import { columnsFor, isNamed } from './columns.tsx';
import { texts } from './texts.ts';

/** Is everyone heard? Who takes part less or more often than chance explains, of the rounds in which they were there. */
export function Participation({ run_id }: { readonly run_id: string }) {
  const isRunning = useFLData(({ viewer }) => viewer.run?.status === 'running');
  const { data } = useParticipation(run_id, isRunning);
  const named = data?.items.some(isNamed) ?? false;
  const [filter, setFilter] = useState<'named' | 'all' | null>(null);
  const shown = filter ?? (named ? 'named' : 'all');
  if (data === undefined || data.run_id !== run_id || data.total === 0) return null;
  return (
    <Panel
      title={texts.title}
      note={texts.note(data.num_rounds)}
      testId="participation"
      actions={
        named && (
          <Select
            aria-label={texts.filter}
            value={shown}
            onChange={({ target }) => setFilter(target.value as 'named' | 'all')}
          >
            {(['named', 'all'] as const).map((key) => (
              <option key={key} value={key}>
                {texts.filters[key]}
              </option>
            ))}
          </Select>
        )
      }
    >
      <p className="text-sm text-soft" title={texts.method}>
        {data.sentence}
      </p>
      <div className="my-4">
        <Figures judged={data} />
      </div>
      <Clients judged={data} isNamedOnly={shown === 'named'} />
    </Panel>
  );
}

function Figures({ judged }: { readonly judged: Judged }) {
  const { jain_index, gini, num_under_selected, num_over_selected } = judged;
  const figure = (value: number | null) => (value === null ? noValue : formatNumber(value));
  return (
    <Details isRoomy>
      <Detail name={texts.under}>{formatCount(num_under_selected)}</Detail>
      <Detail name={texts.over}>{formatCount(num_over_selected)}</Detail>
      <Detail name={texts.jain}>{figure(jain_index)}</Detail>
      <Detail name={texts.gini}>{figure(gini)}</Detail>
    </Details>
  );
}

interface ClientsProps {
  readonly judged: Judged;
  readonly isNamedOnly: boolean;
}

function Clients({ judged: { items, total }, isNamedOnly }: ClientsProps) {
  const [sort, setSort] = useState<Sort | null>(null);
  const select = useSelectClient();
  const isJudged = items.some(({ z }) => z !== null);
  const columns = useMemo(() => columnsFor(select, isJudged), [select, isJudged]);
  const rows = useMemo(
    () => sortRows(isNamedOnly ? items.filter(isNamed) : items, columns, sort),
    [items, isNamedOnly, columns, sort],
  );
  return (
    <>
      <p className="mb-1 text-xs text-muted">{texts.everyone(rows.length, total)}</p>
      <VirtualTable
        label={texts.table}
        columns={columns}
        rows={rows}
        keyOf={({ client_id }) => client_id}
        sort={sort}
        onSort={(key) => setSort((before) => nextSort(before, key))}
        maxHeight={360}
        minWidth={isJudged ? 900 : 560}
        isPinned
      />
    </>
  );
}
