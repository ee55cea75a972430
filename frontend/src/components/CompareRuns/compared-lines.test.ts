import type { Series } from '@rondo/protocol';
import { makeRun } from '@rondo/protocol/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparedCsv } from './compared-csv.ts';
import { comparedLines, sharedPlaces } from './compared-lines.ts';
import { groupRuns } from './group-runs.ts';

const series = (run_id: string, step: number[], value: Series['value'], x?: Series['x']): Series => ({
  run_id: run_id as Series['run_id'],
  name: 'global_loss',
  client_id: null,
  total: step.length,
  sampled: false,
  step,
  value,
  at: [],
  ...(x && { x }),
});

const one = (key: string, ...run_ids: string[]) => ({ key, name: key, token: '--series-1', run_ids });
const mapOf = (...all: Series[]) => new Map(all.map((each) => [each.run_id as string, each]));

describe('lines', () => {
  it('are those of the runs, at the places that any of them has', () => {
    const given = mapOf(series('a', [1, 3], [1, 3]), series('b', [2], [5]));
    const { x, lines, bands } = comparedLines([one('a', 'a'), one('b', 'b')], given, 'Loss', null);
    expect(x).toEqual([1, 2, 3]);
    expect(lines.map(({ values }) => values)).toEqual([
      [1, 2, 3],
      [null, 5, null],
    ]);
    expect(bands).toEqual([]);
  });

  it('go by the chosen axis, and values without a place on it are left out', () => {
    const given = mapOf(series('a', [1, 2, 3], [1, 2, 3], [100, null, 50]));
    const { x, lines } = comparedLines([one('a', 'a')], given, 'Loss', null);
    expect(x).toEqual([50, 100]);
    expect(lines[0]?.values).toEqual([3, 1]);
  });

  it('dim behind the one that is pointed at, which is drawn last', () => {
    const given = mapOf(series('a', [1], [1]), series('b', [1], [2]));
    const { lines } = comparedLines([one('a', 'a'), one('b', 'b')], given, 'Loss', 'a');
    expect(lines.map(({ key, token }) => [key, token])).toEqual([
      ['b', '--waiting'],
      ['a', '--series-1'],
    ]);
  });

  it('mark NaN, which is no value of a band', () => {
    const given = mapOf(series('a', [1, 2], [1, 'NaN']), series('b', [1, 2], [3, 5]));
    const { lines, marks } = comparedLines([one('g', 'a', 'b')], given, 'Loss', null);
    expect(lines.map(({ look, values }) => [look, values])).toEqual([
      ['edge', [1, 5]],
      ['edge', [3, 5]],
      [undefined, [2, 5]],
    ]);
    expect(marks).toEqual([{ x: 2, kind: 'not_finite', text: 'one value is NaN or infinite' }]);
  });

  it('a band contains its mean and every run of it', () => {
    const runs = fc.array(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 3, maxLength: 3 }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(runs, (all) => {
        const given = mapOf(...all.map((value, at) => series(`r${at}`, [1, 2, 3], value)));
        const { lines } = comparedLines([one('g', ...given.keys())], given, 'Loss', null);
        const [least, greatest, mean] = lines.map(({ values }) => values as number[]);
        for (let at = 0; at < 3; at++) {
          const [low, high] = [least?.[at] ?? Number.NaN, greatest?.[at] ?? Number.NaN];
          const slack = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
          for (const values of all) expect(values[at]).toBeGreaterThanOrEqual(low);
          for (const values of all) expect(values[at]).toBeLessThanOrEqual(high);
          expect(mean?.[at]).toBeGreaterThanOrEqual(low - slack);
          expect(mean?.[at]).toBeLessThanOrEqual(high + slack);
        }
      }),
    );
  });

  it('many that never meet are drawn at fewer places, and it says so', () => {
    const all = Array.from({ length: 100 }, (_, n) =>
      series(
        `r${n}`,
        Array.from({ length: 1_000 }, (_, at) => at * 100 + n),
        new Array(1_000).fill(1),
      ),
    );
    expect(sharedPlaces(all)).toMatchObject({ isThinned: true });
    expect(sharedPlaces(all).x).toHaveLength(1_000);
    expect(sharedPlaces(all.slice(0, 2)).isThinned).toBe(false);
  });
});

describe('groups', () => {
  const run = (run_id: string, config: object) => makeRun({ run_id, name: run_id, config });
  const runs = [run('a', { lr: 0.1, seed: 1 }), run('b', { lr: 0.1, seed: 2 }), run('c', { lr: 0.2, seed: 1 })];

  it('by seed are the runs that differ in nothing else', () => {
    expect(groupRuns(runs, 'seed').map(({ name, run_ids }) => [name, run_ids])).toEqual([
      ['lr = 0.1 (2 runs)', ['a', 'b']],
      ['lr = 0.2', ['c']],
    ]);
  });

  it('by a key are the runs with one value of it', () => {
    expect(groupRuns(runs, 'config.seed').map(({ run_ids }) => run_ids)).toEqual([['a', 'c'], ['b']]);
  });

  it('every run is in exactly one of them', () => {
    for (const by of ['', 'seed', 'config.lr', 'config.none'])
      expect(
        groupRuns(runs, by)
          .flatMap(({ run_ids }) => run_ids)
          .sort(),
      ).toEqual(['a', 'b', 'c']);
  });
});

it('the CSV has every value with its run', () => {
  const csv = comparedCsv([{ run_id: 'a' as never, name: 'first' }], mapOf(series('a', [1], [0.5])), 'global_loss');
  expect(csv.trim().split('\n')[1]).toBe('a,first,global_loss,1,1,0.5,');
});
