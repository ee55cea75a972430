import { isRoundOver, type Round } from '@rondo/protocol';
import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { useAllRounds } from '../../hooks/useAllRounds.ts';
import { useFLData } from '../../hooks/useFLData.ts';
import { useCost } from '../../hooks/useInsight.ts';
import { useIsPhone } from '../../hooks/useMedia.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import type { Sort } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { nextSort, sortRows } from '../ui/sort-rows.ts';
import { VirtualTable } from '../ui/VirtualTable.tsx';
import { type BytesByRound, columnsFor } from './columns.tsx';

const filters = {
  all: { label: 'every round', isShown: () => true },
  trouble: { label: 'failed or stopped', isShown: ({ status }: Round) => status === 'failed' || status === 'stopped' },
  late: { label: 'past its deadline', isShown: isLate },
  lossy: {
    label: 'with clients lost',
    isShown: (round: Round) => round.num_clients_failed + round.num_clients_no_reply > 0,
  },
  open: { label: 'not over', isShown: (round: Round) => !isRoundOver(round) },
} as const;

/** The number, and the account below it. */
const phoneRow = 48;

/** Every round of the run, newest first, to sort, to filter and to open. */
export function RoundTable({ run_id }: { readonly run_id: string }) {
  const { rounds, total, error, isLoading, isFilling } = useAllRounds(run_id);
  const isRunning = useFLData(({ viewer }) => viewer.run?.status === 'running');
  const cost = useCost(run_id, null, isRunning).data;
  const [number, setNumber] = useState('');
  const [filter, setFilter] = useState<keyof typeof filters>('all');
  const [sort, setSort] = useState<Sort | null>({ key: 'round', isDescending: true });
  const navigate = useNavigate();
  const isPhone = useIsPhone();

  const names = JSON.stringify([...new Set(rounds.flatMap(({ metrics }) => Object.keys(metrics)))].sort());
  const bytes = useMemo<BytesByRound | null>(
    () =>
      cost && cost.round.length > 0
        ? new Map(
            cost.round.map((round, at) => [round, { up: cost.bytes_up[at] ?? 0, down: cost.bytes_down[at] ?? 0 }]),
          )
        : null,
    [cost],
  );
  const columns = useMemo(() => columnsFor(JSON.parse(names), bytes), [names, bytes]);
  const rows = useMemo(() => {
    const shown = rounds.filter((round) => filters[filter].isShown(round) && String(round.round).startsWith(number));
    return sortRows(shown, columns, sort);
  }, [rounds, filter, number, columns, sort]);

  return (
    <Panel
      title="Rounds"
      note={
        <span aria-live="polite" className="inline-block min-w-[150px]">
          {noteOf(rows.length, rounds.length, total, isFilling)}
        </span>
      }
      testId="round-table"
      actions={
        <form
          className="flex flex-wrap items-center gap-1.5"
          onSubmit={(event) => {
            event.preventDefault();
            if (number !== '') void navigate(runPath(run_id, `rounds/${Number(number)}`));
          }}
        >
          <input
            type="search"
            inputMode="numeric"
            aria-label="Find a round by number; Enter opens it"
            placeholder="Round number…"
            value={number}
            onChange={({ target }) => setNumber(target.value.replace(/\D/g, '').slice(0, 10))}
            className="h-7 w-36 rounded-control border border-line bg-panel px-2.5 text-xs text-text placeholder:text-faint"
          />
          <Select
            aria-label="Which rounds"
            value={filter}
            onChange={({ target }) => setFilter(target.value as keyof typeof filters)}
          >
            {Object.entries(filters).map(([key, { label }]) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </Select>
        </form>
      }
    >
      <Loaded what="The rounds" answer={{ data: rounds.length > 0 || !isLoading ? rounds : undefined, error }}>
        {() =>
          rounds.length === 0 ? (
            <EmptyState title="No round has started yet">
              Rounds show here as soon as the FL server starts one.
            </EmptyState>
          ) : rows.length === 0 ? (
            <EmptyState title="No round matches">Clear the number, or show every round.</EmptyState>
          ) : (
            <VirtualTable
              label="Rounds of the run"
              columns={columns}
              rows={rows}
              keyOf={({ round }) => round}
              rowProps={({ round }) => ({ 'data-round': round })}
              sort={sort}
              onSort={(key) => setSort((before) => nextSort(before, key))}
              maxHeight="max(360px, calc(100dvh - 236px))"
              minWidth={(isPhone ? 112 : 480) + (isPhone ? 92 : 84) * (columns.length - (isPhone ? 2 : 3))}
              isPinned
              {...(isPhone && { height: phoneRow })}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function isLate({ deadline, completed_at }: Round): boolean {
  return deadline !== null && Date.parse(completed_at ?? new Date().toISOString()) > Date.parse(deadline);
}

function noteOf(shown: number, known: number, total: number | null, isFilling: boolean): string {
  const all = total === null ? '' : plural(total, 'round');
  if (isFilling) return `${formatCount(known)} of ${all} so far`;
  if (shown < known) return `${formatCount(shown)} of ${all}`;
  return total !== null && known < total ? `newest ${formatCount(known)} of ${all}` : all;
}
