import type { ListedRun } from '@rondo/protocol';
import { useCallback, useMemo, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useIsPhone } from '../../hooks/useMedia.ts';
import { useNow } from '../../hooks/useNow.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { useRunList } from '../../hooks/useRunList.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { plural } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { VirtualTable } from '../ui/VirtualTable.tsx';
import { RunSelection } from './RunSelection.tsx';
import { RunToolbar } from './RunToolbar.tsx';
import { configText, runColumns } from './run-columns.tsx';
import { hasFilter, type RunQuery, readRunQuery, requestParams, sortAfter, writeRunQuery } from './run-query.ts';

const clockMs = 30_000;
/** Two lines of text. */
const phoneRow = 60;

/** Every run that matches: searched, filtered and sorted by the server, so that 100,000 runs are as fast as 100. */
export function RunTable() {
  const [params, setParams] = useSearchParams();
  const query = useMemo(() => readRunQuery(params), [params]);
  const { runs, total, error, isLoading, isLoadingMore, more } = useRunList(requestParams(query).toString());
  const problem = useProblemDetail(error);
  const isAdmin = useIsAdmin();
  const now = useNow(clockMs);
  const isPhone = useIsPhone();
  const [selected, select, clear] = useSelection(runs ?? []);
  const change = useCallback(
    (part: Partial<RunQuery>) =>
      setParams((before) => writeRunQuery({ ...readRunQuery(before), ...part }), { replace: part.q !== undefined }),
    [setParams],
  );
  const columns = useMemo(
    () =>
      runColumns({
        isAdmin,
        selected,
        onSelect: select,
        onTag: (tag) => change({ tag }),
        chosen: isPhone ? [] : query.columns,
        now,
        isPhone,
      }),
    [isAdmin, selected, select, change, query.columns, now, isPhone],
  );
  const known = useMemo(() => knownValues(runs ?? []), [runs]);
  const groups = useMemo(() => groupRuns(runs ?? [], query.group), [runs, query.group]);
  return (
    <Panel
      title={hasFilter(query) ? 'Matching runs' : 'All runs'}
      note={total === undefined ? undefined : `${plural(total, 'run')}`}
      testId="run-table"
    >
      <RunToolbar query={query} onChange={change} known={known} />
      {problem !== null && <Alert>The runs could not be loaded. {problem}</Alert>}
      {isLoading && runs === undefined && <Skeleton className="h-40" />}
      {runs?.length === 0 && <NoRuns isFiltered={hasFilter(query)} onClear={() => setParams('')} />}
      {groups.map(([name, members]) => (
        <section key={name} aria-label={name === '' ? undefined : name} className="mb-3">
          {query.group !== '' && (
            <h3 className="mb-1 text-xs text-muted">
              {name === '' ? '—' : name} · {plural(members.length, 'run')}
            </h3>
          )}
          <VirtualTable
            label={name === '' ? 'Runs' : `Runs, ${name}`}
            columns={columns}
            rows={members}
            keyOf={(run) => run.run_id}
            sort={query.sort}
            onSort={(key) => change({ sort: sortAfter(query.sort, key) })}
            maxHeight={groups.length > 1 ? 400 : 'max(400px, calc(100dvh - 236px))'}
            {...(isPhone ? { height: phoneRow } : { minWidth: 720 + 128 * query.columns.length, isPinned: true })}
          />
        </section>
      ))}
      {more !== null && (
        <Button className="mt-2" disabled={isLoadingMore} onClick={more}>
          Show 100 more of {total}
        </Button>
      )}
      {selected.size > 0 && runs !== undefined && (
        <RunSelection runs={runs.filter(({ run_id }) => selected.has(run_id))} onClear={clear} />
      )}
    </Panel>
  );
}

function NoRuns({ isFiltered, onClear }: { readonly isFiltered: boolean; readonly onClear: () => void }) {
  if (isFiltered) {
    return (
      <EmptyState title="No run matches">
        <Button size="small" onClick={onClear}>
          Show all runs
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No run yet">
      <Link to="/" className="text-accent underline">
        See how to connect an FL server
      </Link>
      , or run the demo.
    </EmptyState>
  );
}

/** Ids of the selected runs; a press with shift selects from the last one on. */
function useSelection(runs: readonly ListedRun[]) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [last, setLast] = useState<string | null>(null);
  const select = useCallback(
    (run_id: string, isRange: boolean) => {
      const ids: string[] = runs.map((run) => run.run_id);
      const from = isRange && last !== null ? ids.indexOf(last) : -1;
      const to = ids.indexOf(run_id);
      const range = from < 0 ? [run_id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1);
      setSelected((before) => {
        const next = new Set(before);
        const isAdding = !before.has(run_id);
        for (const id of range) {
          if (isAdding) next.add(id);
          else next.delete(id);
        }
        return next;
      });
      setLast(run_id);
    },
    [runs, last],
  );
  const clear = useCallback(() => setSelected(new Set()), []);
  return [selected, select, clear] as const;
}

function knownValues(runs: readonly ListedRun[]) {
  const sorted = (values: Iterable<string>) => [...new Set(values)].sort((a, b) => a.localeCompare(b));
  return {
    tags: sorted(runs.flatMap(({ tags }) => tags)),
    frameworks: sorted(runs.flatMap(({ framework }) => framework ?? [])),
    columns: sorted([
      ...runs.flatMap(({ summary }) => Object.keys(summary.last).flatMap((name) => [`last.${name}`, `best.${name}`])),
      ...runs.flatMap(({ config }) => Object.keys(config).map((key) => `config.${key}`)),
    ]).filter((column) => column !== 'last.loss' && column !== 'best.accuracy'),
  };
}

/** The runs by the value of a field, in the order of the list. */
function groupRuns(runs: readonly ListedRun[], by: string): readonly (readonly [string, readonly ListedRun[]])[] {
  if (runs.length === 0) return [];
  if (by === '') return [['', runs]];
  const groupOf = (run: ListedRun): string => {
    if (by === 'status') return run.status;
    if (by === 'framework') return run.framework ?? '';
    if (by === 'tag') return run.tags[0] ?? '';
    return configText(run.config, by.replace(/^config\./, ''));
  };
  const groups = new Map<string, ListedRun[]>();
  for (const run of runs) {
    const value = groupOf(run);
    groups.set(value, [...(groups.get(value) ?? []), run]);
  }
  return [...groups];
}
