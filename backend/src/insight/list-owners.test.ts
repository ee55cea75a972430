import { runIdSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import type { Db } from '../db/db.ts';
import { ListOwners } from './list-owners.ts';

const run = runIdSchema.parse('run-1');
/** The database, which refuses all statements with this error. */
const refusing = (code: string) =>
  ({ execute: () => Promise.reject(Object.assign(new Error('refused'), { code })) }) as unknown as Db;

it('[B5] [G20] a full disk, which takes no claim, leaves each server the list that it computes', async () => {
  expect(await new ListOwners(refusing('53100'), 'server-1').claim(run)).toBe(0);
});

it('[G20] any other error of a claim is one of the look', async () => {
  await expect(new ListOwners(refusing('42P01'), 'server-1').claim(run)).rejects.toThrow('refused');
});
