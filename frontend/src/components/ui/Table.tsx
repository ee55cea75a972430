import { ArrowDown, ArrowUp } from 'lucide-react';
import { memo } from 'react';
import { classes } from '../../lib/classes.ts';
import type { Column, Sort } from './column.ts';

export interface TableProps<T> {
  /** What the table is about, for those who do not see what stands above it. */
  readonly label: string;
  /** The first column names the row. Must keep its reference, as rows are drawn again with it. */
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string | number;
  /** Further attributes of a row, such as `data-…`. */
  readonly rowProps?: (row: T) => Record<`data-${string}`, string | number | boolean>;
  readonly sort?: Sort | null;
  readonly onSort?: (key: string) => void;
  readonly className?: string;
}

/** The one table of the app. */
export function Table<T>({ label, columns, rows, keyOf, rowProps, sort, onSort, className }: TableProps<T>) {
  return (
    <table aria-label={label} className={classes('w-full text-left text-sm', className)}>
      <TableHead columns={columns} sort={sort} onSort={onSort} />
      <tbody>
        {rows.map((row) => (
          <TableRow key={keyOf(row)} row={row} columns={columns} rowProps={rowProps} />
        ))}
      </tbody>
    </table>
  );
}

const placeOf = <T,>({ align, className }: Column<T>): string =>
  classes('px-1.5 first:pl-0 last:pr-0 sm:px-3', align === 'end' && 'text-right', className);

interface TableHeadProps<T> extends Pick<TableProps<T>, 'columns' | 'sort' | 'onSort'> {
  readonly isSticky?: boolean;
}

export function TableHead<T>({ columns, sort, onSort, isSticky = false }: TableHeadProps<T>) {
  return (
    <thead className={classes('text-xs [&_th]:text-muted', isSticky && 'sticky top-0 z-10 bg-panel')}>
      <tr>
        {columns.map((column) => (
          <th
            key={column.key}
            scope="col"
            aria-sort={sort?.key !== column.key ? undefined : sort.isDescending ? 'descending' : 'ascending'}
            className={classes(
              placeOf(column),
              'overflow-hidden border-b border-line pb-2 font-normal whitespace-nowrap',
            )}
          >
            {column.sortBy && onSort ? <SortButton column={column} sort={sort} onSort={onSort} /> : column.name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface SortButtonProps<T> {
  readonly column: Column<T>;
  readonly sort: Sort | null | undefined;
  readonly onSort: (key: string) => void;
}

function SortButton<T>({ column, sort, onSort }: SortButtonProps<T>) {
  const isSorted = sort?.key === column.key;
  const Arrow = isSorted && sort.isDescending ? ArrowDown : ArrowUp;
  return (
    <button
      type="button"
      onClick={() => onSort(column.key)}
      className={classes(
        'inline-flex min-h-6 items-center gap-1 rounded-control hover:text-text',
        column.align === 'end' && 'flex-row-reverse',
        isSorted && 'text-text',
      )}
    >
      {column.name}
      <Arrow aria-hidden size={12} className={classes(!isSorted && 'opacity-0')} />
    </button>
  );
}

interface TableRowProps<T> extends Pick<TableProps<T>, 'columns' | 'rowProps'> {
  readonly row: T;
  /** Where it stands among all rows, when not all of them are drawn. */
  readonly index?: number;
  readonly height?: number;
}

function Row<T>({ row, columns, rowProps, index, height }: TableRowProps<T>) {
  const padding = height === undefined && 'py-(--row-pad)';
  return (
    <tr
      {...rowProps?.(row)}
      {...(index !== undefined && { 'aria-rowindex': index + 2 })}
      style={height === undefined ? undefined : { height }}
      className="border-b border-line last:border-0"
    >
      {columns.map((column, at) =>
        at === 0 ? (
          <th key={column.key} scope="row" className={classes(placeOf(column), padding, 'font-normal')}>
            {column.cell(row)}
          </th>
        ) : (
          <td key={column.key} className={classes(placeOf(column), padding)}>
            {column.cell(row)}
          </td>
        ),
      )}
    </tr>
  );
}

/** Drawn again only when its row or the columns are others: most news concern one row of many. */
export const TableRow = memo(Row) as typeof Row;
