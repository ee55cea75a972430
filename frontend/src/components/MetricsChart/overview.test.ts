import type { HistoryPoint, RunDispersion } from '@rondo/protocol';
import { makeRound } from '@rondo/protocol/testing';
import { expect, it } from 'vitest';
import { historyCsv } from './history-csv.ts';
import { overviewOf } from './overview.ts';

const history = [
  { round: 1, loss: 2, accuracy: 0.25 },
  { round: 2, loss: 'NaN', accuracy: 0.5 },
  { round: 4, loss: 1, accuracy: null },
] as unknown as HistoryPoint[];

const input = { history, dispersion: null, axis: null, rounds: {}, checkpoints: [] };

it('a failed round has a place on the curve although it reported no value', () => {
  const rounds = { 3: makeRound({ round: 3, status: 'failed', reason: 'refused: NaN\nline two' }) };
  const { x, history: points, marks } = overviewOf({ ...input, rounds });
  expect(x).toEqual([1, 2, 3, 4]);
  expect(points[2]).toMatchObject({ round: 3, loss: null });
  expect(marks).toEqual([
    { x: 3, kind: 'failed', text: 'round 3 failed: refused: NaN' },
    { x: 2, kind: 'not_finite', text: 'loss is NaN' },
  ]);
});

it('on another axis only rounds with a place are drawn, in its order', () => {
  const axis = new Map([
    [4, 10],
    [1, 30],
  ]);
  const { x, rounds, marks } = overviewOf({ ...input, axis, checkpoints: [{ round: 2, version: 'v2' }] });
  expect([x, rounds]).toEqual([
    [10, 30],
    [4, 1],
  ]);
  expect(marks).toEqual([]);
});

it('the band and the worst tenth stand at their rounds, and in the CSV', () => {
  const figures = {
    n: 4,
    num_not_finite: 0,
    min: 0,
    p10: 0,
    q1: 0.5,
    median: 1,
    q3: 2,
    p90: 3,
    max: 4,
    worst_tenth_mean: 4,
    jain_index: null,
  };
  const dispersion = {
    run_id: 'r',
    measure: 'train_loss',
    worst: 'greatest',
    measures: [],
    items: [{ round: 4, status: 'complete', dispersion: figures, num_unnamed: 0 }],
  } as unknown as RunDispersion;
  const overview = overviewOf({ ...input, dispersion });
  expect(overview.bands).toEqual([{ upper: 'q3', lower: 'q1', token: '--loss' }]);
  expect(overview.lines.find(({ key }) => key === 'worst_tenth')?.values).toEqual([null, null, 4]);
  expect(historyCsv(overview).split('\r\n').at(-1)).toBe('4,4,1,,4,0.5,1,2,4');
});
