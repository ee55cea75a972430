import { orderOfNames } from '../../lib/names.ts';
import type { Column, Sort } from './column.ts';

/** The same column again turns the order round. */
export const nextSort = (sort: Sort | null, key: string): Sort => ({
  key,
  isDescending: sort?.key === key ? !sort.isDescending : false,
});

/** Sorted by one column; rows without a value come last in both directions, and equal ones stay as they were. */
export function sortRows<T>(rows: readonly T[], columns: readonly Column<T>[], sort: Sort | null): readonly T[] {
  const sortBy = columns.find(({ key }) => key === sort?.key)?.sortBy;
  if (sort === null || sortBy === undefined) return rows;
  const direction = sort.isDescending ? -1 : 1;
  const valued = rows.map((row) => ({ row, value: sortBy(row) }));
  const compareNames = orderOfNames(valued.flatMap(({ value }) => (typeof value === 'string' ? [value] : [])));
  const order = (a: string | number, b: string | number): number =>
    typeof a === 'number' && typeof b === 'number' ? compareNumbers(a, b) : compareNames(String(a), String(b));
  return valued
    .sort((a, b) => {
      if (isMissing(a.value) || isMissing(b.value)) return Number(isMissing(a.value)) - Number(isMissing(b.value));
      return direction * order(a.value, b.value);
    })
    .map(({ row }) => row);
}

const isMissing = (value: string | number | null): value is null => value === null;

/** NaN counts as the greatest number: descending, what diverged comes first. [B12] */
const compareNumbers = (a: number, b: number): number =>
  Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || a - b || 0;
