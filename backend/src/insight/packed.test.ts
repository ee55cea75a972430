import { expect, it } from 'vitest';
import { seeded } from '../../testing/random.ts';
import { packClients, packColumn, rangesOf, unpackClients, unpackColumn, wordsOf } from './packed.ts';

const numbers = (seed: number, most: number): Uint32Array<ArrayBuffer> => {
  const random = seeded(seed);
  const share = random();
  const all = Array.from({ length: Math.floor(random() * most) }, (_, n) => n).filter(() => random() < share);
  return Uint32Array.from(random() < 0.3 ? all.reverse() : all);
};

it('[G2] client numbers of any order come back as they were, and ranges place the same values', () => {
  for (let seed = 0; seed < 300; seed++) {
    const client = numbers(seed, 60);
    const packed = packClients(client);
    expect(packed.length).toBeLessThanOrEqual(4 * client.length);
    expect([...unpackClients(packed)], `seed ${seed}`).toEqual([...client]);
    const placed = rangesOf(packed).flatMap(({ at, first, count }) =>
      Array.from({ length: count }, (_, n) => [at + n, first + n]),
    );
    expect(placed, `seed ${seed}`).toEqual([...client].map((id, at) => [at, id]));
  }
});

it('[G2] 5,000 clients in their order are twelve bytes, and equal values one', () => {
  expect(packClients(Uint32Array.from({ length: 5_000 }, (_, n) => n))).toHaveLength(12);
  expect(packColumn(new Float32Array(5_000).fill(7))).toHaveLength(4);
  expect(packColumn(new Uint8Array(5_000).fill(2))).toHaveLength(1);
});

it.each([
  ['nothing', []],
  ['one', [3]],
  ['two equal', [2, 2]],
  ['two different', [2, 3]],
  ['zero and minus zero', [0, -0]],
  ['NaN', [Number.NaN, Number.NaN]],
])('[G2] a column of %s comes back bit by bit', (_, values) => {
  const column = Float32Array.from(values);
  const before = [...wordsOf(new Uint8Array(column.buffer))];
  expect([...unpackColumn(wordsOf(packColumn(column)), values.length)]).toEqual(before);
  const bytes = Uint8Array.from(values);
  expect([...unpackColumn(packColumn(bytes), values.length)]).toEqual([...bytes]);
});
