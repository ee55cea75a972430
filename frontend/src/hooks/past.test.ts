import { type Matrix, missingBits, outcomeCodes } from '@rondo/protocol';
import { makeClient, makeRound, makeState, noon } from '@rondo/protocol/testing';
import { expect, it } from 'vitest';
import { keep } from '../lib/kept-matrix.ts';
import { seriesUntil } from '../lib/series-until.ts';
import { matrixAt } from './useMatrix.ts';

const header = {
  run_id: 'run-1',
  client_ids: ['c1', 'c2'],
  rounds: [1, 2, 3],
  open_rounds: [],
  truncated: false,
} as never as Matrix;

const rounds = [makeRound({ round: 1, status: 'complete', completed_at: noon(5) }), makeRound({ round: 2 })];
const clients = [
  makeClient({ client_id: 'c1', current_round: 2, round_outcome: 'complete' }),
  makeClient({ client_id: 'c2', current_round: 2, round_outcome: 'pending' }),
];
const past = { atMs: Date.parse(noon(10)), viewer: makeState({ rounds, clients }), rounds };

it('[G19] the map ends with the round that was open, where only what had returned shows', () => {
  const { complete, failed, pending } = outcomeCodes;
  const cells = Uint8Array.from([complete, failed, complete, failed, complete, complete]);
  const then = matrixAt(keep({ ...header, measure: 'outcome', cell: 'uint8', cells, bits: null }), past);
  expect(then.rounds).toEqual([1, 2]);
  expect([...then.cells]).toEqual([complete, failed, complete, pending]);
  // The answer itself is kept for other moments.
  expect(cells[3]).toBe(failed);
});

it('[G19] a number that had not been reported is missing, not zero', () => {
  const cells = Float32Array.from([1, 2, 3, 4, 5, 6]);
  const bits = new Uint32Array(cells.buffer);
  const then = matrixAt(keep({ ...header, measure: 'train_loss', cell: 'float32', cells, bits }), past);
  expect([...then.cells].slice(0, 3)).toEqual([1, 2, 3]);
  expect(then.bits?.[3]).toBe(missingBits);
});

it('[G19] a series ends at the moment', () => {
  const series = {
    run_id: 'run-1',
    name: 'loss',
    client_id: null,
    total: 3,
    sampled: false,
    step: [1, 2, 3],
    value: [3, 2, 1],
    at: [noon(1), noon(2), noon(3)],
    x: [1, 2, 3],
  } as never;
  expect(seriesUntil(series, Date.parse(noon(2)))).toMatchObject({ step: [1, 2], value: [3, 2], x: [1, 2], total: 2 });
  expect(seriesUntil(series, Date.parse(noon(9)))).toBe(series);
});
