import { defaultProject, type ReporterId } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase } from '../../testing/database.ts';
import { makeRun } from '../../testing/facts.ts';
import { makeWriter } from '../../testing/writer.ts';
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

it('[S2] a command that changes alone, because its round began again, raises the seq of the run', async () => {
  const { writer, published } = makeWriter(database.db);
  const other = makeRun();
  const round = 1;
  const asked = { round, reason: 'r', requested_by: 'ada', at, expires_at: '2026-01-31T12:05:00.000Z' };
  await writer.submit([
    other.say('round_started', { round, client_ids: ['a'] }),
    { type: 'stop_requested', run_id: other.id, command_id: 'alone', ...asked },
    other.say('client_result', { round, client_id: 'a', sample_count: 1 }),
    other.say('round_stopped', { round, reason: 'r' }),
    other.say('round_started', { round, client_ids: ['a'] }),
  ]);
  await writer.submit([other.say('command_ack', { command_id: 'alone', state: 'rejected' })]);
  expect(published.map(({ from_seq, seq }) => [from_seq, seq])).toEqual([
    [0, 1],
    [1, 2],
  ]);
});
