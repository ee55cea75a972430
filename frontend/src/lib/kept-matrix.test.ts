import { type Matrix, missingBits } from '@rondo/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keep, mergeMatrix, readAgainFrom } from './kept-matrix.ts';

const head = { run_id: 'run' as Matrix['run_id'], open_rounds: [], truncated: false };

/** A column a round, of so many clients; null was not reported. */
function matrixOf(
  rounds: readonly number[],
  columns: readonly (readonly (number | null)[])[],
  clients: number,
): Matrix {
  const cells = new Float32Array(rounds.length * clients);
  const bits = new Uint32Array(cells.buffer).fill(missingBits);
  for (const [at, column] of columns.entries())
    for (const [row, value] of column.entries()) if (value !== null) cells[at * clients + row] = value;
  const client_ids = Array.from({ length: clients }, (_, row) => `c${row}`) as Matrix['client_ids'];
  return {
    ...head,
    measure: 'train_loss' as const,
    cell: 'float32' as const,
    rounds: [...rounds],
    client_ids,
    cells,
    bits,
  };
}

const value = fc.option(fc.integer({ min: 0, max: 9 }));
/** Columns in which each knows as many clients as the one before, or more. */
const run = fc
  .array(fc.array(value, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 })
  .map((columns) => {
    let height = 0;
    return columns.map((column) => {
      height = Math.max(height, column.length);
      return [...column, ...new Array(height - column.length).fill(null)];
    });
  });

it('read in pieces it is the matrix that is read whole, with its gaps', () => {
  fc.assert(
    fc.property(run, fc.array(fc.nat(12), { maxLength: 4 }), (columns, cuts) => {
      const part = (from: number, to: number) => {
        const rounds = Array.from({ length: to - from }, (_, at) => from + at + 1);
        return matrixOf(rounds, columns.slice(from, to), columns[to - 1]?.length ?? 0);
      };
      const ends = [...new Set([...cuts.map((cut) => 1 + (cut % columns.length)), columns.length])].sort(
        (a, b) => a - b,
      );
      const [first = 1, ...later] = ends;
      let kept = keep(part(0, first));
      for (const end of later) {
        // As the hook reads it: some rounds that are known come again.
        const from = readAgainFrom(kept);
        kept = mergeMatrix(kept, part(from === null ? 0 : from - 1, end));
      }
      const whole = part(0, columns.length);
      expect(kept.rounds).toEqual(whole.rounds);
      expect([...(kept.bits ?? [])]).toEqual([...(whole.bits ?? [])]);
    }),
  );
});

it('keeps its lineage while only columns are added, in the memory that has room', () => {
  const first = keep(matrixOf([1, 2, 3], [[1], [2], [3]], 1));
  const second = mergeMatrix(first, matrixOf([3, 4], [[3], [4]], 1));
  const third = mergeMatrix(second, matrixOf([4, 5], [[4], [5]], 1));
  expect([second.lineage, third.lineage]).toEqual([first.lineage, first.lineage]);
  expect([second.changedFrom, third.changedFrom]).toEqual([2, 3]);
  expect(third.cells.buffer).toBe(second.cells.buffer);
  expect([...third.cells]).toEqual([1, 2, 3, 4, 5]);
  expect(mergeMatrix(third, matrixOf([5], [[5, 6]], 2)).lineage).not.toBe(first.lineage);
});

it('reads again the rounds that are open, and the last closed ones', () => {
  const matrix = matrixOf([1, 2, 3, 4, 5], [], 1);
  expect(readAgainFrom(matrix)).toBe(3);
  expect(readAgainFrom({ ...matrix, open_rounds: [2, 5] })).toBe(2);
  expect(readAgainFrom(matrixOf([1], [], 1))).toBeNull();
});
