import { clientIdSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { makeNormal } from '../../testing/random.ts';
import { type Attended, judgeParticipation } from './participation.ts';
import { benjaminiHochberg, giniOf } from './statistics.ts';

const normal = makeNormal(5);
const uniform = () => Math.abs(normal() * 1_000) % 1;
const client = (n: number, available: number, selected: number): Attended => ({
  client_id: clientIdSchema.parse(`c${String(n).padStart(3, '0')}`),
  available,
  selected,
  counted: selected,
});
const drawn = (n: number, available: number, chance: number) => {
  let selected = 0;
  for (let round = 0; round < available; round++) selected += Number(uniform() < chance);
  return client(n, available, selected);
};
const named = (clients: readonly Attended[]) =>
  judgeParticipation(clients)
    .items.filter(({ verdict }) => verdict === 'under_selected')
    .map(({ client_id }) => client_id);

it('[G18] names hardly anybody of a fair draw, however many clients are tested at once', () => {
  let [withNames, federations] = [0, 0];
  for (const n of [10, 50, 500]) {
    for (let repeat = 0; repeat < (n === 500 ? 10 : 60); repeat++) {
      const { num_under_selected, num_over_selected } = judgeParticipation(
        Array.from({ length: n }, (_, at) => drawn(at, 60, 0.3)),
      );
      federations += 1;
      withNames += Number(num_under_selected + num_over_selected > 0);
    }
  }
  // One test of each client at 5 % would name a client in nearly all of them.
  expect(withNames / federations).toBeLessThanOrEqual(0.12);
});

it('[G18] names those that are selected at a third of the chance of others', () => {
  let found = 0;
  for (let repeat = 0; repeat < 20; repeat++) {
    const clients = Array.from({ length: 100 }, (_, at) => drawn(at, 200, at < 5 ? 0.1 : 0.3));
    const names = named(clients);
    found += names.filter((name) => name < 'c005').length;
    expect(names.filter((name) => name >= 'c005').length).toBeLessThanOrEqual(2);
  }
  expect(found / 100).toBeGreaterThan(0.95);
});

it('[G18] a client that was there for a few rounds is not neglected, and one with nine is not judged', () => {
  const others = Array.from({ length: 40 }, (_, at) => client(at, 100, 30));
  const { items } = judgeParticipation([...others, client(90, 20, 6), client(91, 9, 0), client(92, 100, 6)]);
  const verdictOf = (id: string) => items.find(({ client_id }) => client_id === id)?.verdict;
  expect([verdictOf('c090'), verdictOf('c091'), verdictOf('c092')]).toEqual([
    'as_expected',
    'not_known',
    'under_selected',
  ]);
  expect(items[0]?.client_id).toBe('c092');
});

it('[G18] of more clients than are listed, those that are named stay', () => {
  const others = Array.from({ length: 400 }, (_, at) => client(at, 100, 30));
  const { items, num_over_selected, total } = judgeParticipation([...others, client(900, 100, 80)]);
  expect([items.length, num_over_selected, total]).toEqual([200, 1, 401]);
  expect(items.at(-1)).toMatchObject({ client_id: 'c900', verdict: 'over_selected' });
});

it('[G18] says that all take part where all do, and nothing of none', () => {
  const all = judgeParticipation([client(1, 50, 50), client(2, 20, 20)]);
  expect(all).toMatchObject({ jain_index: 1, gini: 0, num_under_selected: 0, total: 2 });
  expect(all.sentence).toContain('in every round');
  expect(judgeParticipation([])).toMatchObject({ jain_index: null, gini: null, items: [], total: 0 });
});

it('[G18] the procedure is that of the paper, on its own example', () => {
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ];
  expect(benjaminiHochberg(p, 0.05).filter(Boolean)).toHaveLength(4);
  expect(benjaminiHochberg([...p].reverse(), 0.05).lastIndexOf(true)).toBe(14);
  expect(benjaminiHochberg([], 0.05)).toEqual([]);
  expect(benjaminiHochberg([0.05], 0.05)).toEqual([true]);
  expect(benjaminiHochberg([0.050_001], 0.05)).toEqual([false]);
});

it('[G18] Gini is 0 for equal shares and near 1 when one has everything', () => {
  expect(giniOf([2, 2, 2])).toBeCloseTo(0, 12);
  expect(giniOf([0, 0, 0, 1])).toBeCloseTo(0.75, 12);
  expect(giniOf([0, 0])).toBeNull();
});
