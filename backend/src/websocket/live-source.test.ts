import { runIdSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import type { Db } from '../db/db.ts';
import { createLiveSource } from './live-source.ts';

/** A database whose transactions the test ends by hand. */
function makeSource() {
  const reads: ((result: unknown) => void)[] = [];
  const transaction = () => new Promise((resolve) => reads.push(resolve));
  const source = createLiveSource({ transaction } as unknown as Db);
  const runId = runIdSchema.parse('a-run');
  return {
    reads,
    read: () => source.changes(runId, 'an-epoch', 1),
    readOther: () => source.changes(runId, 'an-epoch', 2),
  };
}

const at = (seq: number) => ({ seq, events: [] });

it('[S5] a call does not receive the result of a read that began before it', async () => {
  const { reads, read } = makeSource();
  const early = read();
  const late = read();
  reads[0]?.(at(5));
  await expect(early).resolves.toEqual(at(5));
  expect(reads).toHaveLength(2);
  reads[1]?.(at(6));
  await expect(late).resolves.toEqual(at(6));
});

it('[S6] callers that arrive during a read share the next one', async () => {
  const { reads, read, readOther } = makeSource();
  const first = read();
  const crowd = Array.from({ length: 50 }, read);
  void readOther();
  expect(reads).toHaveLength(2);
  reads[0]?.(at(5));
  await first;
  expect(reads).toHaveLength(3);
  reads[2]?.(at(6));
  await expect(Promise.all(crowd)).resolves.toEqual(crowd.map(() => at(6)));
});

it('a failed read rejects only the callers that waited for it', async () => {
  const { reads, read } = makeSource();
  const first = read();
  const second = read();
  reads[0]?.(Promise.reject(new Error('the database is away')));
  await expect(first).rejects.toThrow('away');
  reads[1]?.(at(6));
  await expect(second).resolves.toEqual(at(6));
});
