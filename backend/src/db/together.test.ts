import { expect, it } from 'vitest';
import { together } from './together.ts';

it('ends after all of them, with the error that came first', async () => {
  const [first, second, last] = [1, 2, 3].map(() => Promise.withResolvers<string>()) as [Line, Line, Line];
  let hasEnded = false;
  const outcome = together(first.promise, second.promise, last.promise)
    .catch((error: unknown) => error)
    .finally(() => {
      hasEnded = true;
    });
  second.reject(new Error('the cause'));
  await second.promise.catch(() => {});
  first.reject(new Error('aborted'));
  await first.promise.catch(() => {});
  expect(hasEnded).toBe(false);
  last.resolve('done');
  expect(await outcome).toEqual(new Error('the cause'));
});

it('returns what each of them returns', async () => {
  const [a, b] = await together(Promise.resolve(1), Promise.resolve('two'));
  expect([a + 1, b.length]).toEqual([2, 3]);
});

it('asks each of them once', async () => {
  let asked = 0;
  const query: PromiseLike<number> = {
    // biome-ignore lint/suspicious/noThenProperty: as a query of drizzle, which is sent when it is awaited.
    then: (done) => Promise.resolve(++asked).then(done),
  };
  expect(await together(query)).toEqual([1]);
  expect(asked).toBe(1);
});

type Line = PromiseWithResolvers<string>;
