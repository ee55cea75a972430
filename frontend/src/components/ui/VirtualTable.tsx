import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { useStoredChoice } from '../../hooks/useStoredChoice.ts';
import { classes } from '../../lib/classes.ts';
import { density } from '../../lib/density.ts';
import { TableHead, type TableProps, TableRow } from './Table.tsx';

interface VirtualTableProps<T> extends TableProps<T> {
  /** Height of the area that scrolls, at most: pixels or a CSS length. */
  readonly maxHeight: number | string;
  /** Below this width it scrolls sideways. */
  readonly minWidth?: number;
  /** The first column stays where it is while the others scroll sideways. */
  readonly isPinned?: boolean;
  /** Of every row, where it is not one line of text. */
  readonly height?: number;
}

/** One line of text: rows that differ in height would need measuring while they scroll. */
const rowHeights = { comfortable: 36, compact: 28 } as const;
const headHeight = 32;

/** A table of any length, of which only the rows in view exist. */
export function VirtualTable<T>(props: VirtualTableProps<T>) {
  const { maxHeight, minWidth, isPinned = false, height, label, columns, rows, keyOf, ...rest } = props;
  const scroller = useRef<HTMLElement>(null);
  const [edges, onScroll] = useEdges(scroller, `${minWidth} ${columns.length}`);
  const [room] = useStoredChoice(density);
  const rowHeight = height ?? rowHeights[room];
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollPaddingStart: headHeight,
    initialRect: { width: 0, height: typeof maxHeight === 'number' ? maxHeight : 800 },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was measured is of the other height.
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight]);
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div className="relative">
      <section
        ref={scroller}
        onScroll={onScroll}
        aria-label={`${label}, scrolls`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard.
        tabIndex={0}
        data-scrolled={edges.isPastStart}
        className={classes('group relative overflow-auto overscroll-contain rounded-control', isPinned && pinnedLook)}
        style={{ maxHeight }}
      >
        <table
          aria-label={label}
          aria-rowcount={rows.length + 1}
          style={{ minWidth }}
          className="w-full table-fixed text-left text-sm"
        >
          <TableHead columns={columns} sort={rest.sort} onSort={rest.onSort} isSticky />
          <tbody>
            {above > 0 && <Spacer height={above} />}
            {items.map(({ index }) => {
              const row = rows[index] as T;
              return (
                <TableRow
                  key={keyOf(row)}
                  row={row}
                  columns={columns}
                  rowProps={rest.rowProps}
                  index={index}
                  height={rowHeight}
                />
              );
            })}
            {below > 0 && <Spacer height={below} />}
          </tbody>
        </table>
      </section>
      {/* Columns that are cut off are announced by a shadow at the edge. */}
      {edges.isBeforeEnd && (
        <div aria-hidden className="pointer-events-none absolute inset-y-0 right-0 w-5 rounded-r-control edge-shadow" />
      )}
    </div>
  );
}

const pinnedLook =
  '[&_tr>:first-child]:sticky [&_tr>:first-child]:left-0 [&_tr>:first-child]:z-[1] [&_tr>:first-child]:bg-panel data-[scrolled=true]:[&_tr>:first-child]:border-r data-[scrolled=true]:[&_tr>:first-child]:border-line';

interface Edges {
  readonly isPastStart: boolean;
  readonly isBeforeEnd: boolean;
}

/** Whether there is more to the left and to the right; measured again when the columns change. */
function useEdges(scroller: RefObject<HTMLElement | null>, shape: string): [Edges, () => void] {
  const [edges, setEdges] = useState<Edges>({ isPastStart: false, isBeforeEnd: false });
  const measure = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const isPastStart = element.scrollLeft > 1;
    const isBeforeEnd = element.scrollWidth - element.clientWidth - element.scrollLeft > 1;
    setEdges((before) =>
      before.isPastStart === isPastStart && before.isBeforeEnd === isBeforeEnd ? before : { isPastStart, isBeforeEnd },
    );
  }, [scroller]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured again because the shape changed.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [measure, scroller, shape]);
  return [edges, measure];
}

/** One cell only: spanning columns that are hidden would make new ones, which take the width of the others. */
function Spacer({ height }: { readonly height: number }) {
  return (
    <tr aria-hidden>
      <td style={{ height }} />
    </tr>
  );
}
