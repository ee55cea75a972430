import { currentRoundOf } from '@rondo/protocol';
import { useDeferredValue, useState } from 'react';
import { useFLData, useSlowFLData } from '../../hooks/useFLData.ts';
import { useIsRunOver } from '../../hooks/useIsRunOver.ts';
import { useIsPast } from '../../hooks/usePast.ts';
import { usePeekList } from '../../hooks/usePeekList.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { FaceCounts } from './FaceCounts.tsx';
import {
  areSameCounts,
  type ClientCounts,
  countClients,
  isSameOrder,
  orderClients,
  type SortKey,
  sortKeys,
} from './order-clients.ts';
import { VirtualGrid } from './VirtualGrid.tsx';

/** Cards must not jump under the pointer, and sorting 10,000 clients costs 10 ms. */
const orderEveryMs = 1_000;
/** Counts stand beside those of the round, so that they may not be older for long. */
const countEveryMs = 100;

interface ClientGridProps {
  /** On a page of its own, where it has the height. */
  readonly isTall?: boolean;
}

/** Who is the problem? Every client by glyph, name and progress; worst first. */
export function ClientGrid({ isTall = false }: ClientGridProps) {
  const [sort, setSort] = useState<SortKey>('worst');
  const [text, setText] = useState('');
  const filter = useDeferredValue(text);
  const round = useFLData((state) => currentRoundOf(state.viewer)?.round ?? null);
  const run_id = useFLData((state) => state.viewer.run_id);
  const isRunOver = useIsRunOver();
  const isPast = useIsPast();
  const counts = useSlowFLData<ClientCounts>(
    (state) => countClients(state.viewer.clients, { round, isRunOver }),
    countEveryMs,
    areSameCounts,
    [run_id, isRunOver],
  );
  const ids = useSlowFLData<readonly string[]>(
    (state) => orderClients(state.viewer.clients, { sort, filter, round, isRunOver }),
    orderEveryMs,
    isSameOrder,
    [sort, filter, run_id, isRunOver],
  );
  usePeekList(ids);

  return (
    <Panel title="Clients" testId="client-grid" note={noteOf(counts, isRunOver || isPast)}>
      {counts.total === 0 ? (
        <EmptyState title={round === null ? 'No client has joined yet' : 'No client is named in this run'}>
          {round === null
            ? 'Clients show here as soon as they join or are selected.'
            : 'With secure aggregation the FL server names no clients.'}
        </EmptyState>
      ) : (
        <>
          <div className="mb-3 flex gap-2 wall:hidden">
            <input
              type="search"
              aria-label="Filter clients by name"
              placeholder="Filter by name…"
              value={text}
              onChange={(event) => setText(event.target.value)}
              className="h-7 min-w-0 flex-1 rounded-control border border-line bg-panel px-2.5 text-xs text-text placeholder:text-faint"
            />
            <Select aria-label="Sort clients" value={sort} onChange={(event) => setSort(event.target.value as SortKey)}>
              {sortKeys.map(({ key, label }) => (
                <option key={key} value={key}>
                  {label}
                </option>
              ))}
            </Select>
          </div>
          <FaceCounts counts={counts.faces} />
          {ids.length === 0 ? (
            <EmptyState title={`No client is called “${filter}”`}>Clear the filter to see all of them.</EmptyState>
          ) : (
            <VirtualGrid ids={ids} isTall={isTall} />
          )}
        </>
      )}
    </Panel>
  );
}

/** In a run that is over no client is expected to be online, and at an earlier moment that is not known. */
function noteOf({ total, online }: ClientCounts, isCountOnly: boolean): string | undefined {
  if (total === 0) return undefined;
  return isCountOnly ? plural(total, 'client') : `${formatCount(online)} of ${formatCount(total)} online`;
}
