import { expect, it } from 'vitest';
import { createFairPool } from './fair-pool.ts';

/** A pool that runs one at a time and queues four; the test ends each piece of work. */
function openPool() {
  const run = createFairPool({ atOnce: 1, waiting: 4, refusal: () => new Error('full') });
  const done: string[] = [];
  const ends: (() => void)[] = [];
  const enter = (account: string, address: string) =>
    run({ account, address }, async () => {
      await new Promise<void>((resolve) => ends.push(resolve));
      done.push(account);
    }).then(
      () => 'done',
      () => 'refused',
    );
  const endAll = async () => {
    while (ends.length > 0) {
      ends.shift()?.();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
  };
  return { enter, endAll, done };
}

it('[L6] the next is of the address that has the fewest waiting', async () => {
  const { enter, endAll, done } = openPool();
  const all = [enter('a', '1'), enter('a2', '1'), enter('a3', '1'), enter('user', '2')];
  await endAll();
  expect(await Promise.all(all)).toEqual(['done', 'done', 'done', 'done']);
  expect(done).toEqual(['a', 'user', 'a2', 'a3']);
});

const floods: [string, (n: number) => [string, string]][] = [
  ['one address', (n) => [`name-${n}`, '1']],
  ['many addresses at one account', (n) => ['victim', `${n}`]],
];

it.each(floods)('[L6] a full queue gives up one of a flood from %s for another user', async (_, flood) => {
  const { enter, endAll, done } = openPool();
  const others = [0, 1, 2, 3, 4].map((n) => enter(...flood(n)));
  const refusedAtOnce = await enter(...flood(5));
  const user = enter('user', 'elsewhere');
  await endAll();
  expect(refusedAtOnce).toBe('refused');
  expect(await user).toBe('done');
  expect(done[1]).toBe('user');
  expect((await Promise.all(others)).filter((end) => end === 'refused')).toHaveLength(1);
});

it('[L6] a full queue of different users and addresses refuses the next, and all others end', async () => {
  const { enter, endAll } = openPool();
  const all = [0, 1, 2, 3, 4].map((n) => enter(`user-${n}`, `${n}`));
  expect(await enter('late', 'late')).toBe('refused');
  await endAll();
  expect(await Promise.all(all)).toEqual(['done', 'done', 'done', 'done', 'done']);
});
