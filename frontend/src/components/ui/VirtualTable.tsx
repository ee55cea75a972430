import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { TableHead, type TableProps, TableRow } from './Table.tsx';

interface VirtualTableProps<T> extends TableProps<T> {
  /** Height of the area that scrolls, at most: pixels or a CSS length. */
  readonly maxHeight: number | string;
  /** Below this width it scrolls sideways. */
  readonly minWidth?: number;
}

/** One line of text: rows of another height would need measuring while they scroll. */
const rowHeight = 36;
const headHeight = 32;

/** A table of any length, of which only the rows in view exist. */
export function VirtualTable<T>({ maxHeight, minWidth, label, columns, rows, keyOf, ...rest }: VirtualTableProps<T>) {
  const scroller = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollPaddingStart: headHeight,
    initialRect: { width: 0, height: typeof maxHeight === 'number' ? maxHeight : 800 },
  });
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <section
      ref={scroller}
      aria-label={`${label}, scrolls`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard.
      tabIndex={0}
      className="relative overflow-auto overscroll-contain rounded-control"
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
          {above > 0 && <Spacer height={above} columns={columns.length} />}
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
          {below > 0 && <Spacer height={below} columns={columns.length} />}
        </tbody>
      </table>
    </section>
  );
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}
