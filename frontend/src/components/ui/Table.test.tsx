import { render, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { Column } from './column.ts';
import { nextSort, sortRows } from './sort-rows.ts';
import { Table } from './Table.tsx';
import { VirtualTable } from './VirtualTable.tsx';

interface Fruit {
  readonly name: string;
  readonly grams: number | null;
}

let drawn: string[] = [];
const columns: readonly Column<Fruit>[] = [
  {
    key: 'name',
    name: 'Name',
    cell: ({ name }) => {
      drawn.push(name);
      return name;
    },
    sortBy: ({ name }) => name,
  },
  { key: 'grams', name: 'Grams', align: 'end', cell: ({ grams }) => String(grams), sortBy: ({ grams }) => grams },
];
const fruits: readonly Fruit[] = [
  { name: 'c10', grams: 5 },
  { name: 'c2', grams: null },
  { name: 'c1', grams: Number.NaN },
  { name: 'c3', grams: 7 },
];
const keyOf = ({ name }: Fruit) => name;
const names = (rows: readonly Fruit[]) => rows.map(keyOf);

it('each row is named by its first cell', () => {
  render(<Table label="Fruits" columns={columns} rows={fruits} keyOf={keyOf} />);
  const table = screen.getByRole('table', { name: 'Fruits' });
  expect(
    within(table)
      .getAllByRole('rowheader')
      .map((head) => head.textContent),
  ).toEqual(names(fruits));
});

it('draws only the rows that changed', () => {
  const { rerender } = render(<Table label="Fruits" columns={columns} rows={fruits} keyOf={keyOf} />);
  drawn = [];
  const heavier = fruits.map((fruit) => (fruit.name === 'c3' ? { ...fruit, grams: 8 } : fruit));
  rerender(<Table label="Fruits" columns={columns} rows={heavier} keyOf={keyOf} />);
  expect(drawn).toEqual(['c3']);
});

it('a long table draws what is in view, and says how long it is', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => ({ name: `f${n}`, grams: n }));
  render(<VirtualTable label="Fruits" columns={columns} rows={many} keyOf={keyOf} maxHeight={400} />);
  const table = screen.getByRole('table', { name: 'Fruits' });
  expect(table.getAttribute('aria-rowcount')).toBe('10001');
  const rows = within(table).getAllByRole('rowheader');
  expect(rows[0]?.textContent).toBe('f0');
  expect(rows.length).toBeLessThan(40);
});

it('sorts numbers as numbers and names as people count, and keeps what has no value last both ways', () => {
  const by = (key: string, isDescending: boolean) => names(sortRows(fruits, columns, { key, isDescending }));
  expect(by('name', false)).toEqual(['c1', 'c2', 'c3', 'c10']);
  expect(by('grams', false)).toEqual(['c10', 'c3', 'c1', 'c2']);
  expect(by('grams', true)).toEqual(['c1', 'c3', 'c10', 'c2']);
  expect(sortRows(fruits, columns, null)).toBe(fruits);
});

it('the same column again reverses the order, another column starts ascending', () => {
  expect(nextSort({ key: 'name', isDescending: false }, 'name')).toEqual({ key: 'name', isDescending: true });
  expect(nextSort({ key: 'name', isDescending: true }, 'grams')).toEqual({ key: 'grams', isDescending: false });
});

it('[B12] sorts NaN as the greatest number, and what has no value last', () => {
  expect(names(sortRows(fruits, columns, { key: 'grams', isDescending: true }))).toEqual(['c1', 'c3', 'c10', 'c2']);
  expect(names(sortRows(fruits, columns, { key: 'grams', isDescending: false }))).toEqual(['c10', 'c3', 'c1', 'c2']);
});

it('[B13] sorts hexadecimal ids by their digits', () => {
  const rows = ['000a00', '00000a', '000000', '0000a0', '000a0a'].map((name) => ({ name, grams: null }));
  const sorted = names(sortRows(rows, columns, { key: 'name', isDescending: false }));
  expect(sorted).toEqual(['000000', '00000a', '0000a0', '000a00', '000a0a']);
});
