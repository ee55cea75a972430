import type { Column } from './Table.tsx';

export interface Sort {
  readonly key: string;
  readonly isDescending: boolean;
}

/** The same column again turns the order round. */
export const nextSort = (sort: Sort | null, key: string): Sort => ({
  key,
  isDescending: sort?.key === key ? !sort.isDescending : false,
});

/** Names with numbers in them as people count: c2 before c10. */
const { compare } = new Intl.Collator('en', { numeric: true });

/** Sorted by one column; rows without a value come last in both directions, and equal ones stay as they were. */
export function sortRows<T>(rows: readonly T[], columns: readonly Column<T>[], sort: Sort | null): readonly T[] {
  const sortBy = columns.find(({ key }) => key === sort?.key)?.sortBy;
  if (sort === null || sortBy === undefined) return rows;
  const direction = sort.isDescending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: sortBy(row) }))
    .sort((a, b) => {
      if (isMissing(a.value) || isMissing(b.value)) return Number(isMissing(a.value)) - Number(isMissing(b.value));
      return direction * order(a.value, b.value);
    })
    .map(({ row }) => row);
}

const isMissing = (value: string | number | null): value is null => value === null || Number.isNaN(value);

const order = (a: string | number, b: string | number): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b || 0 : compare(String(a), String(b));
