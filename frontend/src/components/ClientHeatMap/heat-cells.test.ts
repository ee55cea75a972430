import { type Matrix, missingBits, outcomeCodes } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { shades } from '../../charts/heat-map/shades.ts';
import { type KeptMatrix, keep, mergeMatrix } from '../../lib/kept-matrix.ts';
import { extendHeatCells, outcomeShades, toHeatCells } from './heat-cells.ts';
import { measureByKey } from './measures.ts';

const head = { run_id: 'run' as Matrix['run_id'], open_rounds: [], truncated: false };
const ids = (...names: string[]) => names as Matrix['client_ids'];

function lossMatrix(columns: readonly (readonly (number | null)[])[], clients: string[]): KeptMatrix {
  const cells = new Float32Array(columns.flatMap((column) => column.map((value) => value ?? 0)));
  const bits = new Uint32Array(cells.buffer);
  columns.flat().forEach((value, at) => {
    if (value === null) bits[at] = missingBits;
  });
  const rounds = columns.map((_, index) => index + 1);
  return keep({ ...head, measure: 'train_loss', cell: 'float32', rounds, client_ids: ids(...clients), cells, bits });
}

describe('cells', () => {
  it('missing, zero and NaN are three things', () => {
    const { grid, valueAt } = toHeatCells(
      lossMatrix([[null, 0, Number.NaN, 5]], ['a', 'b', 'c', 'd']),
      measureByKey('loss'),
      'name',
    );
    expect([0, 1, 2, 3].map((row) => grid.cell(row, 0))).toEqual([
      shades.missing,
      shades.least,
      shades.notFinite,
      shades.greatest,
    ]);
    expect([0, 1, 2, 3].map((row) => valueAt(row, 0))).toEqual([null, 0, Number.NaN, 5]);
  });

  it('worst first puts the client with the highest values on top, and values follow their row', () => {
    const cells = toHeatCells(
      lossMatrix(
        [
          [1, 9, 2],
          [1, 9, 2],
        ],
        ['fine', 'bad', 'fair'],
      ),
      measureByKey('loss'),
      'worst',
    );
    expect(cells.clientIds).toEqual(['bad', 'fair', 'fine']);
    expect(cells.valueAt(0, 1)).toBe(9);
  });

  it('a low cosine is the bad one', () => {
    const matrix = { ...lossMatrix([[0.9, -0.4]], ['with', 'against']), measure: 'cosine_to_mean' as const };
    expect(toHeatCells(matrix, measureByKey('cosine'), 'worst').clientIds).toEqual(['against', 'with']);
  });

  it('least seen first counts the rounds in which a client had a value', () => {
    const matrix = lossMatrix(
      [
        [1, null],
        [1, 1],
      ],
      ['always', 'once'],
    );
    expect(toHeatCells(matrix, measureByKey('loss'), 'least-seen').clientIds).toEqual(['once', 'always']);
  });

  it('over the median subtracts the median of each round and leaves gaps alone', () => {
    const matrix = lossMatrix(
      [
        [1, 2, 9],
        [10, 20, null],
      ],
      ['a', 'b', 'c'],
    );
    const { valueAt } = toHeatCells(matrix, measureByKey('loss-over-median'), 'name');
    expect([0, 1, 2].map((row) => valueAt(row, 0))).toEqual([-1, 0, 7]);
    expect([0, 1, 2].map((row) => valueAt(row, 1))).toEqual([-5, 5, null]);
  });

  it('outcomes are ordered by how much they need a look', () => {
    const codes = [0, ...Object.values(outcomeCodes)];
    const matrix = keep({
      ...head,
      measure: 'outcome',
      cell: 'uint8',
      rounds: [1],
      client_ids: ids(...codes.map((code) => `c${code}`)),
      cells: Uint8Array.from(codes),
      bits: null,
    });
    const { grid, outcomeAt, clientIds } = toHeatCells(matrix, measureByKey('outcome'), 'worst');
    expect(outcomeAt(0, 0)).toBe('failed');
    expect(clientIds.at(-1)).toBe('c0');
    expect(grid.cell(0, 0)).toBe(outcomeShades.failed);
    expect(outcomeAt(clientIds.length - 1, 0)).toBeNull();
  });

  it('a new round is one more column in the same grid, and what was there stays', () => {
    const columns = [
      [1, 9, 2],
      [2, 8, 3],
      [3, 7, null],
    ];
    const names = ['a', 'b', 'c'];
    const measure = measureByKey('loss-over-median');
    const before = toHeatCells(lossMatrix(columns.slice(0, 2), names), measure, 'name');
    const first = lossMatrix(columns.slice(0, 2), names);
    const shown = toHeatCells(first, measure, 'name');
    const news = lossMatrix(columns.slice(2), names);
    const merged = mergeMatrix(first, { ...news, rounds: [3] });
    const extended = extendHeatCells(shown, merged, measure);
    expect(extended?.grid).toBe(shown.grid);
    expect(extended?.version).toBe(1);
    expect(extended?.rounds).toEqual([1, 2, 3]);
    expect([0, 1, 2].map((row) => extended?.valueAt(row, 2))).toEqual([-2, 2, null]);
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 2; column++)
        expect(extended?.grid.cell(row, column)).toBe(before.grid.cell(row, column));
    expect(extended?.grid.cell(2, 2)).toBe(shades.missing);
  });

  it('another measure, or more clients, are drawn from the start', () => {
    const matrix = lossMatrix([[1, 2]], ['a', 'b']);
    const shown = toHeatCells(matrix, measureByKey('loss'), 'name');
    expect(extendHeatCells(shown, matrix, measureByKey('norm'))).toBeNull();
    const grown = mergeMatrix(matrix, { ...lossMatrix([[1, 2, 3]], ['a', 'b', 'c']), rounds: [2] });
    expect(extendHeatCells(shown, grown, measureByKey('loss'))).toBeNull();
    expect(extendHeatCells(null, matrix, measureByKey('loss'))).toBeNull();
  });
});
