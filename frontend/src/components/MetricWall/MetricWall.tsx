import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import { Link } from 'react-router';
import { createSharedCursor } from '../../charts/mini/shared-cursor.ts';
import type { Range } from '../../charts/types.ts';
import { useSize } from '../../charts/use-size.ts';
import { useAddress } from '../../hooks/useAddress.ts';
import { useMetricNames } from '../../hooks/useFLData.ts';
import { usePins } from '../../hooks/usePins.ts';
import { useTyped } from '../../hooks/useTyped.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { columnsFor, filterNames, heightOf, sectionsOf, wallItems } from '../../lib/metric-wall.ts';
import { Button } from '../ui/Button.tsx';
import { useChartView, writeZoom } from '../ui/chart-view.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { SmoothingSelect, XSelect, YSelect } from '../ui/ViewSelects.tsx';
import { WallBlock } from '../WallBlock/WallBlock.tsx';

const usualX = 'step';

/** Every metric of the FL server as a small chart: to search, to fold, to pin; only what is in sight is fetched and drawn. */
export function MetricWall({ run_id }: { readonly run_id: string }) {
  const answer = useMetricNames(run_id, null, 'all');
  const [params, change] = useAddress();
  const query = params.get('q') ?? '';
  const found = useDeferredValue(query);
  const names = useMemo(() => (answer.data?.items ?? []).map(({ name }) => name), [answer.data]);
  const filter = useMemo(() => filterNames(names, found), [names, found]);
  const shown = filter.state === 'broken' ? [] : filter.names;
  return (
    <Panel
      title="Metrics"
      note={
        <span aria-live="polite">
          {filter.state === 'some' ? `${formatCount(shown.length)} of ` : ''}
          {plural(names.length, 'name')}
        </span>
      }
      testId="metric-wall"
      actions={<Controls query={query} onQuery={(q) => change({ q: q === '' ? null : q })} />}
    >
      {filter.state === 'broken' && (
        <p role="alert" className="mb-3 text-xs text-failed">
          This regular expression cannot be read: {filter.problem}
        </p>
      )}
      <Loaded what="The names of the metrics" answer={answer}>
        {() =>
          names.length === 0 ? (
            <EmptyState title="No metric has been reported yet">
              Every metric that the FL server logs shows here by its name.
            </EmptyState>
          ) : shown.length === 0 && filter.state !== 'broken' ? (
            <EmptyState title={`No name matches “${query}”`}>
              Search for a part of a name, or for a regular expression such as /^val.*loss$/.
            </EmptyState>
          ) : (
            <Wall run_id={run_id} names={shown} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Controls({ query, onQuery }: { readonly query: string; readonly onQuery: (query: string) => void }) {
  const queryField = useTyped(query, onQuery);
  const [view, change] = useChartView(usualX);
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {view.zoom !== null && (
        <Button size="small" onClick={() => change(writeZoom(null), { isStep: true })}>
          Reset zoom
        </Button>
      )}
      <input
        type="search"
        aria-label="Search metrics by name or /regular expression/"
        placeholder="Name or /regex/…"
        spellCheck={false}
        {...queryField}
        className="h-7 w-44 rounded-control border border-line bg-panel px-2.5 text-xs text-text placeholder:text-faint"
      />
      <XSelect view={view} change={change} usual={usualX} />
      <SmoothingSelect view={view} change={change} />
      <YSelect view={view} change={change} only={['auto', 'log']} />
      <Link
        to={{ search: '?name=global_loss' }}
        className="inline-flex h-7 items-center rounded-control border border-line px-2.5 text-xs text-soft hover:bg-raised hover:text-text"
      >
        One series…
      </Link>
    </div>
  );
}

function Wall({ run_id, names }: { readonly run_id: string; readonly names: readonly string[] }) {
  const [view, change] = useChartView(usualX);
  const [params] = useAddress();
  const [pins, togglePin] = usePins();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [cursor] = useState(createSharedCursor);
  const [box, { width }] = useSize<HTMLDivElement>();
  const scroller = useRef<HTMLDivElement>(null);
  const columns = columnsFor(width);
  const items = useMemo(() => wallItems(sectionsOf(names, pins), folded, columns), [names, pins, folded, columns]);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => heightOf(items[index] as (typeof items)[number], columns),
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : item.kind === 'heading' ? item.section.key : `${item.key} ${columns}`;
    },
    // A block below and a heading, so that a short scroll shows lines and not their places.
    overscan: 2,
    initialRect: { width: 0, height: 800 },
  });
  const address = params.toString();
  const toOf = useCallback(
    (name: string) => {
      const next = new URLSearchParams(address);
      next.set('name', name);
      next.delete('q');
      return `?${next}`;
    },
    [address],
  );
  const onZoom = useCallback((zoom: Range | null) => change(writeZoom(zoom), { isStep: true }), [change]);
  const fold = (key: string) =>
    setFolded((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  return (
    <section
      ref={scroller}
      aria-label="Metrics, scrolls"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard.
      tabIndex={0}
      className="relative max-h-[max(420px,calc(100dvh-220px))] overflow-y-auto overscroll-contain rounded-control"
    >
      <div ref={box} className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const item = items[index] as (typeof items)[number];
          return (
            <div key={key} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${start}px)` }}>
              {item.kind === 'heading' ? (
                <h3>
                  <button
                    type="button"
                    aria-expanded={!item.isFolded}
                    onClick={() => fold(item.section.key)}
                    className="flex h-8 w-full items-center gap-2 rounded-control text-left text-xs font-medium text-soft hover:bg-raised"
                  >
                    {item.isFolded ? <ChevronRight aria-hidden size={14} /> : <ChevronDown aria-hidden size={14} />}
                    <bdi className="truncate">{item.section.title}</bdi>
                    <span className="font-normal text-muted">{formatCount(item.section.names.length)}</span>
                  </button>
                </h3>
              ) : (
                <WallBlock
                  run_id={run_id}
                  names={item.names}
                  columns={columns}
                  view={view}
                  cursor={cursor}
                  pins={pins}
                  onPin={togglePin}
                  onZoom={onZoom}
                  toOf={toOf}
                />
              )}
            </div>
          );
        })}
      </div>
    </section>
  );
}
