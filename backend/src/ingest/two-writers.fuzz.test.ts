import { randomUUID } from 'node:crypto';
import { type RunId, runIdSchema } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anyStream } from '../../testing/fact-streams.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { makeRandom, type Random } from '../../testing/random.ts';
import { makeReporterBatches, makeWriter } from '../../testing/writer.ts';
import { type Database, openDatabase } from '../db/database.ts';
import type { Db } from '../db/db.ts';
import type { Input } from './state.ts';

const stories = 12;
const batches = 60;
const { RONDO_FUZZ_SEED: onlySeed } = process.env;
const receivedAt = () => new Date('2026-01-31T12:00:00.000Z');

let postgres: PostgresServer | undefined;
let shared: Database | undefined;
let alone: Database | undefined;
beforeAll(async () => {
  postgres = await startPostgres();
  shared = await openDatabase({ databaseUrl: await postgres.createDatabase('shared'), dataDir: '/nowhere' });
  alone = await openDatabase({ databaseUrl: await postgres.createDatabase('alone'), dataDir: '/nowhere' });
}, 240_000);
afterAll(async () => {
  await shared?.close();
  await alone?.close();
  await postgres?.stop();
});

it(`[D2] two servers that write one run store what one server would (${stories} random stories)`, async () => {
  const first = onlySeed === undefined ? Date.now() % 1_000_000_000 : Number(onlySeed);
  for (let seed = first; seed < first + (onlySeed === undefined ? stories : 1); seed++) {
    await story(seed).catch((cause: Error) => {
      throw new Error(`RONDO_FUZZ_SEED=${seed} repeats this run: ${cause.message}`, { cause });
    });
  }
}, 600_000);

async function story(seed: number): Promise<void> {
  if (!shared || !alone) throw new Error('the databases are not open');
  const runId = runIdSchema.parse(`run-${randomUUID()}`);
  const random = makeRandom(seed);
  const said = fc
    .sample(anyStream, { seed, numRuns: batches })
    .map((inputs) => inputs.map((input): Input => ({ ...input, run_id: runId })));
  const order = await writeFromTwoServers(shared.db, random, said);
  // Each change has its own seq, so this is the order in which the run was locked.
  const seqs = [...order.keys()].sort((a, b) => a - b);
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));

  const { writer } = makeWriter(alone.db, receivedAt);
  for (const seq of seqs) await writer.submit(order.get(seq)?.inputs ?? [], order.get(seq)?.batch);
  expect(await rowsOf(shared.db, runId)).toEqual(await rowsOf(alone.db, runId));
}

interface Published {
  readonly inputs: Input[];
  readonly batch: ReturnType<ReturnType<typeof makeReporterBatches>>;
}

/** Which batch made which seq. Those that changed nothing are not among them. */
async function writeFromTwoServers(db: Db, random: Random, said: readonly Input[][]): Promise<Map<number, Published>> {
  const waiting = [...said];
  const order = new Map<number, Published>();
  const serve = async () => {
    const { writer, published } = makeWriter(db, receivedAt);
    const batchOf = makeReporterBatches();
    for (let inputs = waiting.shift(); inputs; inputs = waiting.shift()) {
      const before = published.length;
      const batch = batchOf();
      await writer.submit(inputs, batch);
      // A retry, to this server or after an answer that was lost.
      if (random.chance(0.2)) await writer.submit(inputs, batch);
      const committed = published[before];
      if (committed) order.set(committed.seq, { inputs, batch });
      expect(published.length - before).toBeLessThanOrEqual(1);
      // Now one is faster, now the other: caches are right sometimes and stale sometimes.
      for (let ticks = random.below(4); ticks > 0; ticks--) await new Promise(setImmediate);
    }
  };
  await Promise.all([serve(), serve()]);
  return order;
}

const tables = ['runs', 'rounds', 'clients', 'client_updates', 'metric_points', 'metric_series', 'logs', 'commands'];
/** Made by the database or at random. */
const ownNames = ['epoch', 'round_id', 'log_id'];

async function rowsOf(db: Db, runId: RunId): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const table of tables) {
    const rows = await db.execute(sql`
      select to_jsonb(row_) - ${sql.raw(`array['${ownNames.join("','")}']`)} as row
      from ${sql.raw(table)} as row_ where run_id = ${runId}`);
    found[table] = rows.map(({ row }) => JSON.stringify(row)).sort();
  }
  return found;
}
