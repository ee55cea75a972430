import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useSize } from '../../charts/use-size.ts';
import { useAttentionMarks } from '../../hooks/useAttentionMarks.ts';
import { useSelectClient } from '../../hooks/useSelectClient.ts';
import { classes } from '../../lib/classes.ts';
import { shortNames } from '../../lib/short-names.ts';
import { ClientCell } from './ClientCell.tsx';
import { ClientReadout } from './ClientReadout.tsx';
import { columnsFor, densityFor, moveFrom } from './density.ts';

/** Tall enough for 50 cards without scrolling, low enough to leave room for the panels below. */
const maxHeight = 422;
/** The same, but on a wall it takes the height that is there. */
const gridHeight = '[--grid-height:422px] min-[118rem]:[--grid-height:max(422px,calc(100dvh-560px))]';
/** On a page of its own. */
const tallHeight = 'max(422px, calc(100dvh - 320px))';

interface VirtualGridProps {
  readonly ids: readonly string[];
  readonly isTall?: boolean;
}

/** Rows of a fixed height, of which only those in view exist. One cell has the tab stop; arrow keys move it. */
export function VirtualGrid({ ids, isTall = false }: VirtualGridProps) {
  const [scroller, { width }] = useSize<HTMLDivElement>();
  const [pointed, setPointed] = useState<string | null>(null);
  const [tabStop, setTabStop] = useState(0);
  const wantsFocus = useRef(false);
  const selectClient = useSelectClient();
  const marks = useAttentionMarks();
  const nameOf = useMemo(() => shortNames(ids), [ids]);
  const longest = useMemo(() => ids.reduce((most, id) => Math.max(most, nameOf(id).length), 0), [ids, nameOf]);
  const density = densityFor(ids.length, longest);
  const columns = columnsFor(density, width, ids.length);
  const rows = Math.ceil(ids.length / columns);
  const stop = Math.min(tabStop, ids.length - 1);
  const stopId = ids[stop];
  const stopRow = Math.floor(stop / columns);
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => density.height + density.gap,
    overscan: 3,
    // The row with the tab stop exists wherever one scrolls to: otherwise its focus would fall to the page. [B6]
    rangeExtractor: (range) => {
      const rows = defaultRangeExtractor(range);
      return rows.includes(stopRow) ? rows : [...rows, stopRow].sort((a, b) => a - b);
    },
    initialRect: { width: 0, height: maxHeight },
  });
  const rowHeight = density.height + density.gap;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another density has rows of another height.
  useEffect(() => virtual.measure(), [rowHeight]);

  useEffect(() => {
    if (!wantsFocus.current || stopId === undefined) return;
    const cell = scroller.current?.querySelector<HTMLElement>(`[data-client="${CSS.escape(stopId)}"]`);
    if (!cell) return;
    wantsFocus.current = false;
    cell.focus();
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const next = moveFrom(stop, event.key, columns, ids.length);
    if (next === null) return;
    event.preventDefault();
    wantsFocus.current = true;
    virtual.scrollToIndex(Math.floor(next / columns));
    setTabStop(next);
  };

  const onPoint = useCallback((id: string | null) => setPointed(id), []);

  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot be virtualised into rows of any number of columns. */}
      <div
        ref={scroller}
        role="grid"
        tabIndex={-1}
        aria-label="Clients"
        aria-rowcount={rows}
        aria-colcount={columns}
        onKeyDown={onKeyDown}
        onPointerLeave={() => onPoint(null)}
        className={classes('relative -m-1 overflow-y-auto overscroll-contain p-1', gridHeight)}
        style={{ maxHeight: isTall ? tallHeight : 'var(--grid-height)', height: rows * rowHeight - density.gap + 8 }}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize() - density.gap }} className="relative">
          {virtual.getVirtualItems().map((row) => (
            // biome-ignore lint/a11y/useSemanticElements: see above.
            <div
              key={row.key}
              role="row"
              tabIndex={-1}
              aria-rowindex={row.index + 1}
              className="absolute inset-x-0 grid"
              style={{
                top: row.start,
                height: density.height,
                gap: density.gap,
                gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
              }}
            >
              {ids.slice(row.index * columns, (row.index + 1) * columns).map((id, at) => (
                <ClientCell
                  key={id}
                  id={id}
                  name={nameOf(id)}
                  look={density.look}
                  column={at + 1}
                  isTabStop={id === stopId}
                  severity={marks.get(id)?.severity ?? null}
                  onPoint={onPoint}
                  onOpen={selectClient}
                />
              ))}
            </div>
          ))}
        </div>
      </div>
      <ClientReadout id={pointed} />
    </>
  );
}
