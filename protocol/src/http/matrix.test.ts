import { expect, it } from 'vitest';
import { clientIdSchema, runIdSchema } from '../values.ts';
import type { MatrixHeader } from './matrix.ts';
import { decodeMatrix, encodeMatrix, missingBits } from './matrix-codec.ts';

const header = (fields: Partial<MatrixHeader>): MatrixHeader => ({
  run_id: runIdSchema.parse('run ü'),
  measure: 'train_loss',
  cell: 'float32',
  rounds: [1, 3],
  client_ids: ['a', 'b'].map((id) => clientIdSchema.parse(id)),
  open_rounds: [],
  truncated: false,
  ...fields,
});

it('[G2] distinguishes missing, zero, NaN and infinity', () => {
  const words = new Uint32Array(4);
  const numbers = new Float32Array(words.buffer);
  numbers.set([0, Number.NaN, Number.POSITIVE_INFINITY, 0]);
  words[3] = missingBits;
  const wire = encodeMatrix(header({}), new Uint8Array(words.buffer));
  const matrix = decodeMatrix(wire.buffer as ArrayBuffer);
  expect([...matrix.cells].slice(0, 3)).toEqual([0, Number.NaN, Number.POSITIVE_INFINITY]);
  expect(matrix.bits?.[1]).not.toBe(missingBits);
  expect(matrix.bits?.[3]).toBe(missingBits);
  expect(matrix.rounds).toEqual([1, 3]);
});

it('[G2] has one byte for a cell of outcomes', () => {
  const wire = encodeMatrix(header({ measure: 'outcome', cell: 'uint8' }), Uint8Array.of(0, 1, 2, 4));
  expect([...decodeMatrix(wire.buffer as ArrayBuffer).cells]).toEqual([0, 1, 2, 4]);
});

it('[G2] refuses bytes that are not a whole matrix', () => {
  const wire = encodeMatrix(header({}), new Uint8Array(16));
  const cut = (from: number, to: number) => wire.slice(from, to).buffer as ArrayBuffer;
  expect(() => decodeMatrix(cut(1, wire.length))).toThrow('do not begin with RMX1');
  expect(() => decodeMatrix(cut(0, 20))).toThrow('within its header');
  expect(() => decodeMatrix(cut(0, wire.length - 4))).toThrow('12 bytes of cells instead of 16');
});
