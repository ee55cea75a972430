import { runIdSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import type { Db } from '../db/db.ts';
import { createLiveSource } from './live-source.ts';

/** A database whose transactions the test ends by hand, each with its number. */
function makeSource() {
  const underWay: ((result: unknown) => void)[] = [];
  const transaction = () => new Promise((resolve) => underWay.push(resolve));
  const source = createLiveSource({ transaction } as unknown as Db);
  const runId = runIdSchema.parse('a-run');
  return {
    underWay,
    ask: () => source.changes(runId, 'an-epoch', 1),
    askOther: () => source.changes(runId, 'an-epoch', 2),
  };
}

const at = (seq: number) => ({ seq, events: [] });

it('[S5] a read that began before the question is no answer to it', async () => {
  const { underWay, ask } = makeSource();
  const early = ask();
  const late = ask();
  underWay[0]?.(at(5));
  await expect(early).resolves.toEqual(at(5));
  expect(underWay).toHaveLength(2);
  underWay[1]?.(at(6));
  await expect(late).resolves.toEqual(at(6));
});

it('[S6] all who ask for the same while it is being read share the next read', async () => {
  const { underWay, ask, askOther } = makeSource();
  const first = ask();
  const crowd = Array.from({ length: 50 }, ask);
  void askOther();
  expect(underWay).toHaveLength(2);
  underWay[0]?.(at(5));
  await first;
  expect(underWay).toHaveLength(3);
  underWay[2]?.(at(6));
  await expect(Promise.all(crowd)).resolves.toEqual(crowd.map(() => at(6)));
});

it('a read that fails is the failure of those who waited for it alone', async () => {
  const { underWay, ask } = makeSource();
  const first = ask();
  const second = ask();
  underWay[0]?.(Promise.reject(new Error('the database is away')));
  await expect(first).rejects.toThrow('away');
  underWay[1]?.(at(6));
  await expect(second).resolves.toEqual(at(6));
});
