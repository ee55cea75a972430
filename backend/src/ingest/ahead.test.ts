import { type RunId, runIdSchema } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { openTestDatabase } from '../../testing/database.ts';
import { anyStream } from '../../testing/fact-streams.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import { makeReporterBatches, makeWriter } from '../../testing/writer.ts';
import type { Database } from '../db/database.ts';
import type { Db } from '../db/db.ts';
import { Committer } from './committer.ts';
import type { Input } from './state.ts';

const receivedAt = () => new Date('2026-01-31T12:00:00.000Z');
/** A transaction holds 30 rows or so. */
const share = 0.003;

let together: Database;
let apart: Database;
beforeAll(async () => {
  together = await openTestDatabase();
  apart = await openTestDatabase();
});
afterAll(async () => {
  await together.close();
  await apart.close();
});
afterEach(() => vi.restoreAllMocks());

const tables = ['runs', 'rounds', 'clients', 'client_updates', 'metric_points', 'metric_series', 'logs', 'commands'];
const derived = ['run_summaries', 'run_metrics', 'list_totals', 'run_reporters'];
/** Made by the database or at random, or by how the inputs were grouped. */
const ownNames = ['epoch', 'round_id', 'log_id', 'seq', 'updated_seq', 'created_seq'];

async function rowsOf(db: Db, runId: RunId): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const table of [...tables, ...derived]) {
    const rows = await db.execute(sql`
      select to_jsonb(row_) - ${sql.raw(`array['${ownNames.join("','")}']`)} as row
      from ${sql.raw(table)} as row_ where run_id = ${runId} and to_jsonb(row_)->>'total' is distinct from '0'`);
    found[table] = rows.map(({ row }) => JSON.stringify(row)).sort();
  }
  return found;
}

/** How often a group was reduced while the one before it was being stored. */
function countAhead(): () => number {
  const spy = vi.spyOn(Committer.prototype, 'reduceAhead');
  return () => spy.mock.results.filter(({ value }) => value !== undefined).length;
}

it('[I1] batches that are reduced while others are stored leave what they leave without that', async () => {
  const seed = Number(process.env.TEST_SEED ?? 20_261_130);
  let [numAhead, story] = [0, seed];
  for (; story < seed + 4; story++) {
    const runId = runIdSchema.parse(`story-${story}`);
    const batchOf = makeReporterBatches();
    const batches = fc
      .sample(anyStream, { seed: story, numRuns: 40 })
      .map((inputs) => [inputs.map((input): Input => ({ ...input, run_id: runId })), batchOf()] as const);
    const store = async ({ db }: Database) => {
      const { writer } = makeWriter(db, receivedAt, share);
      return [await Promise.all(batches.map((batch) => writer.submit(...batch))), await rowsOf(db, runId)];
    };
    const count = countAhead();
    const ahead = await store(together);
    numAhead += count();
    vi.restoreAllMocks();
    vi.spyOn(Committer.prototype, 'reduceAhead').mockReturnValue(undefined);
    expect(ahead, `seed ${story}`).toEqual(await store(apart));
    vi.restoreAllMocks();
  }
  expect(numAhead).toBeGreaterThan(0);
}, 240_000);

it('[I3] a repeated batch among groups that were written before their answers is answered as one', async () => {
  const run = makeRun();
  const { writer } = makeWriter(together.db, receivedAt, share);
  const { writer: single } = makeWriter(apart.db, receivedAt);
  const numAhead = countAhead();
  const batchOf = makeReporterBatches();
  const rounds = Array.from({ length: 9 }, (_, n) => [aWholeRound(run, n + 1, ['a', 'b']), batchOf()] as const);
  const [first, second, ...rest] = rounds as [(typeof rounds)[number], ...typeof rounds];
  await writer.submit(...first);
  const again = rest.slice(0, 3);
  const results = await Promise.all(
    [second, ...again, first, ...rest.slice(3)].map((one) => writer.submit(...(one as typeof first))),
  );
  expect(results.map(({ isRepeated }) => isRepeated)).toEqual([
    false,
    false,
    false,
    false,
    true,
    false,
    false,
    false,
    false,
  ]);
  for (const round of rounds) await single.submit(...round);
  expect(await rowsOf(together.db, run.id)).toEqual(await rowsOf(apart.db, run.id));
  expect(numAhead()).toBeGreaterThan(2);
}, 120_000);

/** The database, which refuses every transaction that has written a round with this number. */
function refusing(db: Db, round: number, runId: RunId): Db {
  const transaction: Db['transaction'] = (work) =>
    db.transaction(async (tx) => {
      const result = await work(tx);
      const found = await tx.execute(sql`select 1 from rounds where run_id = ${runId} and round = ${round}`);
      if (found.length > 0) throw new Error('the database refuses');
      return result;
    });
  return Object.assign(Object.create(db), { transaction });
}

it('[I1] a group that fails takes with it what was reduced on its state, though another seq looks the same', async () => {
  const numAhead = countAhead();
  const run = makeRun();
  const { writer } = makeWriter(refusing(together.db, 3, run.id), receivedAt, share);
  const { writer: single } = makeWriter(apart.db, receivedAt);
  const batchOf = makeReporterBatches();
  const rounds = Array.from({ length: 8 }, (_, n) => [aWholeRound(run, n + 1, ['a', 'b']), batchOf()] as const);
  const [first, ...rest] = rounds;
  // The cache knows the run from here on.
  await writer.submit(...(first as (typeof rounds)[number]));
  const results = await Promise.allSettled(rest.map((round) => writer.submit(...round)));
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, true, true, true, true]);
  for (const [n, round] of rounds.entries()) if (n !== 2) await single.submit(...round);
  expect(await rowsOf(together.db, run.id)).toEqual(await rowsOf(apart.db, run.id));
  expect(numAhead()).toBeGreaterThan(0);
}, 120_000);
