import { randomBytes } from 'node:crypto';
import { type Command, isRoundOver, type ProjectId, type RunId } from '@rondo/protocol';
import type { Committed, EventBus } from '../bus/event-bus.ts';
import type { Db } from '../db/db.ts';
import { createPartitions, isMissingPartition, type Month, monthOf } from '../db/partitions.ts';
import { type BatchId, reporterOf } from '../db/queries/reporters.ts';
import { insertRuns, lockRuns } from '../db/queries/run-state.ts';
import { isTransient } from '../db/transient.ts';
import { Busy } from '../errors.ts';
import { Batches } from './batches.ts';
import { onBatchClock } from './clock.ts';
import { HeardRuns } from './heard-runs.ts';
import { type Origin, reduce } from './reduce.ts';
import { RunCache } from './run-cache.ts';
import { unknownRun } from './run-facts.ts';
import { type Saved, save } from './save.ts';
import type { Input, Notice, RoundRow, RunRow, UpdateRow } from './state.ts';

export interface Outcome {
  readonly accepted: number;
  readonly duplicates: number;
  /** Positions of the inputs about runs that belong to another project; nothing of these is stored. [O2] */
  readonly foreign: readonly number[];
  /** Its batch number was taken. */
  readonly isRepeated: boolean;
  readonly commands: Command[];
}

/** Who measures the writer. */
export interface FlushWatch {
  /** Where a job comes from, in the words of whoever watches; asked while it is submitted. */
  origin?(): unknown;
  /** Around each transaction. */
  flush<T>(group: FlushGroup, commit: () => Promise<T>): Promise<T>;
}

export interface FlushGroup {
  readonly inputs: number;
  /** `takenAt` by `performance.now()`. */
  readonly jobs: readonly { readonly takenAt: number; readonly origin: unknown }[];
}

interface Job {
  readonly takenAt: number;
  readonly origin: unknown;
  /** Absent for what the server itself has to say. */
  readonly batch: BatchId | undefined;
  readonly inputs: readonly Input[];
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

// One transaction's worth: enough to share the price of a commit, little enough to be acknowledged soon.
const maxInputsPerFlush = 10_000;
// Waiting inputs, about 100 MB; beyond it reporters are told to come back.
const maxWaiting = 200_000;

interface WriterOptions {
  readonly db: Db;
  readonly bus: EventBus;
  readonly now?: () => Date;
  readonly watch?: FlushWatch;
  /** Given every round that a commit ended or that changed after its end, with all of its parts. */
  readonly onRoundOver?: (round: RoundRow, parts: readonly UpdateRow[]) => void;
}

const nobody: FlushWatch = { flush: (_group, commit) => commit() };

/**
 * The one writer: groups what is waiting into one transaction, and acknowledges after the commit. [I1]
 *
 *   submit ─▶ waiting ─▶ begin · take batch numbers · lock runs · reduce · upsert · commit ─▶ bus, then the callers
 */
export class IngestWriter {
  readonly #db: Db;
  readonly #bus: EventBus;
  readonly #now: () => Date;
  readonly #watch: FlushWatch;
  readonly #cache = new RunCache();
  readonly #heard = new HeardRuns();
  /** Whose partitions were there at the last look: another server may have dropped an old one. */
  readonly #months = new Set<Month>();
  readonly #waiting: Job[] = [];
  #waitingInputs = 0;
  #flushing: Promise<void> | null = null;
  #isClosed = false;

  readonly #onRoundOver: NonNullable<WriterOptions['onRoundOver']>;

  constructor({ db, bus, onRoundOver = () => {}, now = () => new Date(), watch = nobody }: WriterOptions) {
    this.#watch = watch;
    this.#db = db;
    this.#bus = bus;
    this.#onRoundOver = onRoundOver;
    this.#now = now;
  }

  /** Resolves once the inputs are committed. Rejects with `Busy` when too much waits; nothing of it is kept then. */
  submit(inputs: readonly Input[], batch?: BatchId): Promise<Outcome> {
    if (this.#isClosed) return Promise.reject(new Busy('the server is shutting down', 1));
    if (this.#waitingInputs + inputs.length > maxWaiting)
      return Promise.reject(new Busy('too much is waiting to be stored', 1));
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const origin = this.#watch.origin?.();
    this.#waiting.push({ takenAt: performance.now(), origin, batch, inputs, resolve, reject });
    this.#waitingInputs += inputs.length;
    this.#flushing ??= this.#run();
    return promise;
  }

  /** What has not begun to be stored. */
  get waiting(): { readonly inputs: number; readonly oldestMs: number } {
    const [oldest] = this.#waiting;
    return { inputs: this.#waitingInputs, oldestMs: oldest ? performance.now() - oldest.takenAt : 0 };
  }

  /** Takes nothing more, and resolves when all that was taken is stored or refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#flushing;
  }

  async #run(): Promise<void> {
    // A turn of the event loop, so that requests which arrived together share a transaction.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#flush(this.#nextGroup());
    this.#flushing = null;
  }

  #nextGroup(): Job[] {
    const group: Job[] = [];
    let size = 0;
    for (
      let job = this.#waiting[0];
      job && (group.length === 0 || size + job.inputs.length <= maxInputsPerFlush);
      job = this.#waiting[0]
    ) {
      group.push(job);
      size += job.inputs.length;
      this.#waiting.shift();
    }
    this.#waitingInputs -= size;
    return group;
  }

  async #flush(group: readonly Job[]): Promise<void> {
    const inputs = group.reduce((sum, job) => sum + job.inputs.length, 0);
    const commit = () => this.#commit(group);
    const done = await this.#watch
      .flush({ inputs, jobs: group }, commit)
      .catch((error: unknown) => this.#refuse(group, error));
    if (!done) return;
    for (const [index, job] of group.entries()) job.resolve(done.outcomes[index] as Outcome);
    for (const committed of done.committed) this.#bus.publish(committed);
  }

  async #refuse(group: readonly Job[], error: unknown): Promise<void> {
    this.#cache.forget(group.flatMap(({ inputs }) => inputs.map(({ run_id }) => run_id)));
    if (this.#months.size > 0 && isMissingPartition(error)) {
      this.#months.clear();
      return this.#flush(group);
    }
    // A connection that broke during the commit leaves open whether it happened.
    if (isTransient(error)) this.#bus.publishMissed();
    // One job that the database refuses must not cost the others theirs.
    if (group.length > 1 && !isTransient(error)) for (const job of group) await this.#flush([job]);
    else for (const job of group) job.reject(isTransient(error) ? new Busy('the database is out of reach', 1) : error);
  }

  async #commit(group: readonly Job[]): Promise<{ outcomes: Outcome[]; committed: Committed[] }> {
    const receivedAt = this.#now().toISOString();
    const written: { before: RunRow; saved: Saved }[] = [];
    let newMonths: Month[] = [];
    const outcomes = await this.#db.transaction(async (tx) => {
      const batches = new Batches(tx, group);
      const fresh = await batches.take(receivedAt);
      const byRun = groupByRun(group, fresh);
      for (const run_id of this.#heard.due(batches.knownRuns(), receivedAt)) {
        const input = { type: 'reporter_heard', run_id } as const;
        if (!byRun.has(run_id)) byRun.set(run_id, [{ input, job: undefined, origin: undefined, owner: undefined }]);
      }
      const duplicates = group.map(({ inputs }, index) => (fresh[index] ? 0 : inputs.length));
      const locked = await this.#lock(tx, byRun, receivedAt);
      const projects = new Map(locked.map(({ run_id, project_id }) => [run_id, project_id]));
      const foreign = group.map((job, index) => (fresh[index] ? foreignInputs(job, projects) : []));
      const months = new Set(locked.map(({ created_at }) => monthOf(created_at)));
      newMonths = [...months].filter((month) => !this.#months.has(month));
      await createPartitions(tx, newMonths);
      for (const before of locked) {
        const entries = (byRun.get(before.run_id) ?? []).filter(({ owner }) => isOwn(owner, before.project_id));
        if (entries.length === 0) continue;
        const inputs = entries.map(({ input }) => input);
        const state = await this.#cache.load(tx, before, inputs);
        const reduction = reduce(state, inputs, receivedAt, (index) => entries[index]?.origin);
        const saved = await save(tx, state, reduction, receivedAt);
        written.push({ before, saved });
        for (const [index, input] of inputs.entries()) {
          if ('record' in input && !saved.duplicates.has(index)) await input.record?.(tx);
        }
        for (const index of saved.duplicates) {
          const entry = entries[index];
          if (entry?.job !== undefined) duplicates[entry.job] = (duplicates[entry.job] ?? 0) + 1;
        }
      }
      const runs = written
        .flatMap(toCommitted)
        .map(({ run_id, epoch, seq, is_new_run }) => ({ run_id, epoch, seq, is_new_run }));
      if (runs.length > 0) await this.#bus.announce(tx, { runs });
      const waiting = await batches.answer();
      return group.map(({ batch, inputs }, index): Outcome => {
        const repeated = duplicates[index] ?? 0;
        const refused = foreign[index] ?? [];
        const commands = (batch && waiting.get(reporterOf(batch))) ?? [];
        return {
          accepted: inputs.length - repeated - refused.length,
          duplicates: repeated,
          foreign: refused,
          isRepeated: !fresh[index],
          commands,
        };
      });
    });
    for (const month of newMonths) this.#months.add(month);
    for (const { saved } of written) {
      this.#cache.apply(saved.run, saved);
      for (const row of saved.rounds.values()) {
        const parts = isRoundOver(row) && this.#cache.partsOf(row.run_id, row.round);
        if (parts) this.#onRoundOver(row, parts);
      }
    }
    this.#heard.note(
      written.map(({ saved }) => saved.run),
      receivedAt,
    );
    return { outcomes, committed: written.flatMap(toCommitted) };
  }

  async #lock(tx: Db, byRun: ReadonlyMap<RunId, readonly Entry[]>, receivedAt: string): Promise<RunRow[]> {
    const runIds = [...byRun.keys()];
    if (runIds.length === 0) return [];
    const locked = await lockRuns(tx, runIds);
    if (locked.length === runIds.length) return locked;
    const known = new Set(locked.map(({ run_id }) => run_id));
    // Notices and command acknowledgements never create a run.
    const missing = [...byRun].filter(
      ([id, entries]) =>
        !known.has(id) && entries.some(({ input }) => !isNotice(input) && input.type !== 'command_ack'),
    );
    if (missing.length === 0) return locked;
    const created = missing.map(([id, entries]) => ({
      ...unknownRun(id, firstMoment(entries, receivedAt), randomBytes(9).toString('base64url'), ownerOf(entries)),
      created_at: receivedAt,
    }));
    // In one order everywhere, like the locks.
    await insertRuns(
      tx,
      created.sort((a, b) => (a.run_id < b.run_id ? -1 : 1)),
    );
    return lockRuns(tx, runIds);
  }
}

/** What an uploader tells creates the run like any other news of it. [F4] */
const noticeTypes: Record<Exclude<Notice['type'], 'model_saved'>, true> = {
  client_silent: true,
  stop_requested: true,
  command_expired: true,
  attention_changed: true,
  run_edited: true,
  model_deleted: true,
  alias_set: true,
  alias_deleted: true,
  alias_rolled_back: true,
  reporter_heard: true,
  condition_due: true,
  run_ended: true,
};
const isNotice = ({ type }: Input): boolean => Object.hasOwn(noticeTypes, type);

interface Entry {
  readonly input: Input;
  /** Undefined for what no job said. */
  readonly job: number | undefined;
  readonly origin: Origin | undefined;
  /** The project that it speaks for; undefined is the server itself. */
  readonly owner: ProjectId | undefined;
}

/** A run belongs to the project of the API key that named it first. [O2] */
const ownerOf = (entries: readonly Entry[]): ProjectId | undefined =>
  entries.find(({ owner }) => owner !== undefined)?.owner;

const isOwn = (owner: ProjectId | undefined, project: ProjectId): boolean => owner === undefined || owner === project;

const ownerOfInput = ({ batch }: Pick<Job, 'batch'>, input: Input): ProjectId | undefined =>
  input.type === 'model_saved' ? input.project_id : batch?.project_id;

function foreignInputs(job: Job, projects: ReadonlyMap<RunId, ProjectId>): number[] {
  return job.inputs.flatMap((input, index) => {
    const project = projects.get(input.run_id);
    return project === undefined || isOwn(ownerOfInput(job, input), project) ? [] : [index];
  });
}

/** A run began no later than the first thing that is said of it. */
function firstMoment(entries: readonly Entry[], receivedAt: string): string {
  const moments = entries.flatMap(({ input, origin }) => ('at' in input ? [onBatchClock(input.at, origin)] : []));
  return [...moments, receivedAt].sort()[0] as string;
}

function groupByRun(group: readonly Job[], fresh: readonly boolean[]): Map<RunId, Entry[]> {
  const byRun = new Map<RunId, Entry[]>();
  group.forEach(({ batch, inputs }, job) => {
    if (!fresh[job]) return;
    const origin = batch && { reporter_id: batch.reporter_id, offset_ms: batch.offset_ms ?? null };
    for (const said of inputs) {
      const input = said.type === 'command_ack' ? { ...said, reporter_id: batch?.reporter_id } : said;
      const entries = byRun.get(input.run_id);
      const entry = { input, job, origin, owner: ownerOfInput({ batch }, said) };
      if (entries) entries.push(entry);
      else byRun.set(input.run_id, [entry]);
    }
  });
  return byRun;
}

function toCommitted({ before, saved: { run, events } }: { before: RunRow; saved: Saved }): Committed[] {
  if (run.seq === before.seq) return [];
  return [
    {
      run_id: run.run_id,
      project_id: run.project_id,
      epoch: run.epoch,
      from_seq: before.seq,
      seq: run.seq,
      events,
      is_new_run: before.seq === 0,
    },
  ];
}
