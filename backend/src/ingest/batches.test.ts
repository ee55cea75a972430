import { defaultProject, type ReporterId } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase } from '../../testing/database.ts';
import { makeRun } from '../../testing/facts.ts';
import type { Database } from '../db/database.ts';
import { Batches } from './batches.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const at = '2026-01-31T12:00:00.000Z';
const run = makeRun();
const job = (reporter: string, batch: number) => ({
  batch: { key_id: 'key', reporter_id: reporter as ReporterId, batch, project_id: defaultProject },
  inputs: [run.say('log', { level: 'info', message: 'hello' })],
});

it('[I3] several batches of one reporter in one transaction: each number is taken once', async () => {
  const jobs = [job('b', 2), job('a', 1), job('b', 1), job('b', 2), { batch: undefined, inputs: [] }, job('a', 1)];
  const take = () => database.db.transaction((tx) => new Batches(tx, jobs).take(at));
  expect(await take()).toEqual([true, true, true, false, true, false]);
  expect(await take()).toEqual([false, false, false, false, true, false]);
});
