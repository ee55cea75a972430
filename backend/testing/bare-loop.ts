import { defaultProject, factSchema, type ReporterId, type RunId } from '@rondo/protocol';
import { eq } from 'drizzle-orm';
import { EventBus } from '../src/bus/event-bus.ts';
import { send } from '../src/db/bulk.ts';
import { openDatabase } from '../src/db/database.ts';
import type { Db } from '../src/db/db.ts';
import { openCommandsFor } from '../src/db/queries/commands.ts';
import { addCosts } from '../src/db/queries/key-usage.ts';
import { touchModelsOfRounds } from '../src/db/queries/model-changes.ts';
import { takeBatches } from '../src/db/queries/reporters.ts';
import { changedClients, lockRuns, newUpdates, saveRounds, saveRuns } from '../src/db/queries/run-state.ts';
import { readSummaryStates, saveSummaryStates } from '../src/db/queries/run-summaries.ts';
import { addTotals } from '../src/db/queries/totals.ts';
import { clients, clientUpdates, rounds, runs } from '../src/db/schema.ts';
import { together } from '../src/db/together.ts';
import { maxWeight, partsOf, weightOf } from '../src/ingest/parts.ts';
import type { ClientRow, Input, RoundRow, RunRow, UpdateRow } from '../src/ingest/state.ts';
import { IngestWriter } from '../src/ingest/writer.ts';

/** The benchmark's limit: what the ingest writes, without HTTP, validation and reduction, in a process of its own. */
export interface BareJob {
  readonly type: 'go';
  readonly dataDir: string;
  readonly databaseUrl?: string | undefined;
  readonly runs: number;
  /** The events of one round, as the producers report it. */
  readonly round: readonly object[];
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface BareReport {
  readonly type: 'bare';
  readonly results: number;
  readonly seconds: number;
}

process.once('message', (job: BareJob) => void measure(job).then((report) => process.send?.(report)));
process.once('disconnect', () => process.exit());

async function measure(job: BareJob): Promise<BareReport> {
  const database = await openDatabase({ databaseUrl: job.databaseUrl, dataDir: job.dataDir });
  const loops = await makeLoops(database.db, job);
  const parts = partsOf(roundOf(job, 'bare', 1));
  const perTransaction = Math.max(1, Math.floor(maxWeight / parts.reduce((sum, part) => sum + weightOf(part), 0)));
  let next = 0;
  const step = () => {
    const group = Array.from({ length: perTransaction }, () => loops[next++ % loops.length] as RunLoop);
    return write(
      database.db,
      [...Map.groupBy(group, (loop) => loop)].map(([loop, { length }]) => loop.next(length)),
    );
  };
  for (const until = performance.now() + job.warmUpMs; performance.now() < until; ) await step();
  const startedAt = performance.now();
  let transactions = 0;
  for (; performance.now() < startedAt + job.measureMs; transactions++) await step();
  const seconds = (performance.now() - startedAt) / 1_000;
  await database.close();
  const results = parts.filter(({ input }) => input.type === 'client_result').length;
  return { type: 'bare', results: transactions * perTransaction * results, seconds };
}

function roundOf({ round: events }: BareJob, run_id: string, round: number): Input[] {
  const at = new Date().toISOString();
  return events.map((event) => factSchema.parse({ ...event, run_id, at, round }));
}

/** The rows of two rounds that the writer itself has stored are what each further round looks like. */
async function makeLoops(db: Db, job: BareJob): Promise<RunLoop[]> {
  const writer = new IngestWriter({ db, bus: new EventBus() });
  const loops: RunLoop[] = [];
  for (let n = 0; n < job.runs; n++) {
    const run_id = `bare-${process.pid}-${n}`;
    for (const round of [1, 2]) await writer.submit(roundOf(job, run_id, round));
    loops.push(await RunLoop.read(db, run_id as RunId));
  }
  await writer.close();
  return loops;
}

interface Rows {
  readonly run: RunRow;
  readonly rounds: readonly RoundRow[];
  readonly clients: readonly (readonly [ClientRow, ClientRow])[];
  readonly updates: readonly UpdateRow[];
}

class RunLoop {
  #run: RunRow;
  readonly #round: RoundRow;
  #clients: readonly ClientRow[];
  readonly #updates: readonly UpdateRow[];

  private constructor(run: RunRow, round: RoundRow, rows: readonly ClientRow[], updates: readonly UpdateRow[]) {
    this.#run = run;
    this.#round = round;
    this.#clients = rows;
    this.#updates = updates;
  }

  static async read(db: Db, id: RunId): Promise<RunLoop> {
    const [run] = await db.select().from(runs).where(eq(runs.run_id, id));
    const stored = await db.select().from(rounds).where(eq(rounds.run_id, id));
    const rows = await db.select().from(clients).where(eq(clients.run_id, id));
    const parts = await db.select().from(clientUpdates).where(eq(clientUpdates.run_id, id));
    const newest = stored.find(({ round }) => round === 2);
    if (!run || !newest) throw new Error('the writer stored no round');
    return new RunLoop(
      run,
      newest,
      rows,
      parts.filter(({ round }) => round === 2),
    );
  }

  /** The rows of the next rounds in one transaction. */
  next(count: number): Rows {
    const at = new Date().toISOString();
    const first = (this.#run.current_round ?? 0) + 1;
    const seq = this.#run.seq + 1;
    const last = first + count - 1;
    const numbers = Array.from({ length: count }, (_, n) => first + n);
    const before = this.#clients;
    const moments = { seen_at: at, last_heartbeat: at, status_at: at };
    const after = before.map((row) => ({
      ...row,
      ...moments,
      current_round: last,
      num_parts: row.num_parts + count,
      last_part: last,
      updated_seq: seq,
    }));
    const all = numbers.map((round) => ({
      ...this.#round,
      round,
      status_at: at,
      started_at: at,
      completed_at: at,
      created_seq: seq,
      updated_seq: seq,
    }));
    const updates = numbers.flatMap((round) =>
      this.#updates.map((row) => ({ ...row, round, submitted_at: at, previous_part: round - 1 })),
    );
    this.#run = { ...this.#run, current_round: last, seq, updated_seq: seq, last_reported_at: at };
    this.#clients = after;
    return { run: this.#run, rounds: all, clients: before.map((row, n) => [row, after[n] ?? row]), updates };
  }
}

let batch = 1;

/** The statements of one transaction of the ingest, in its order and as much at once. */
async function write(db: Db, all: readonly Rows[]): Promise<void> {
  const ids = all.map(({ run }) => run.run_id);
  const now = new Date().toISOString();
  batch += 1;
  const batches = all.flatMap(({ run, rounds }) =>
    rounds.map((_, n) => ({
      key_id: 'bare',
      reporter_id: `${run.run_id}-${n}` as ReporterId,
      batch,
      project_id: defaultProject,
    })),
  );
  await db.transaction(async (tx) => {
    await together(takeBatches(tx, batches, now), lockRuns(tx, ids));
    const of = <R>(rows: (of: Rows) => readonly R[]): R[] => all.flatMap(rows);
    const total = (rows: Rows) => ({
      run_id: rows.run.run_id,
      list: 'rounds' as const,
      status: 'complete',
      total: rows.rounds.length,
    });
    const changed = of((rows) => rows.rounds.map(({ run_id, round }) => ({ run_id, round, seq: rows.run.seq })));
    const costs = new Map([['bare', { runs: 0, bytes: 100_000, upload_bytes: 0 }]]);
    await together(
      keepSummaries(tx, ids),
      saveRounds(
        tx,
        of((rows) => rows.rounds),
      ),
      touchModelsOfRounds(tx, changed),
      send(tx, changedClients(of((rows) => rows.clients))),
      send(tx, newUpdates(of((rows) => rows.updates))),
      addTotals(tx, all.map(total)),
      saveRuns(
        tx,
        all.map(({ run }) => run),
      ),
      openCommandsFor(tx, batches),
      addCosts(tx, now.slice(0, 10), costs),
    );
  });
}

async function keepSummaries(tx: Db, ids: readonly RunId[]): Promise<void> {
  const states = await readSummaryStates(tx, ids);
  const changes = [...states].map(([run_id, state]) => ({ run_id, state, before: state }));
  await saveSummaryStates(tx, changes);
}
