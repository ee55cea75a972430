import { randomBytes } from 'node:crypto';
import { isRoundOver, type ProjectId, type RunId } from '@rondo/protocol';
import type { Committed, EventBus } from '../bus/event-bus.ts';
import type { Db } from '../db/db.ts';
import { createPartitions, isMissingPartition, type Month, monthOf } from '../db/partitions.ts';
import type { Costs } from '../db/queries/key-usage.ts';
import { type BatchId, reporterOf } from '../db/queries/reporters.ts';
import { insertRuns, lockRuns } from '../db/queries/run-state.ts';
import { isTransient } from '../db/transient.ts';
import { Busy } from '../errors.ts';
import { Batches } from './batches.ts';
import { onBatchClock } from './clock.ts';
import { Job, type Piece, Room, type SubmitResult } from './job.ts';
import { addCost, type KeyUsage } from './key-usage.ts';
import { RecentRuns } from './recent-runs.ts';
import { type Bounds, type Origin, reduce } from './reduce.ts';
import { RunCache } from './run-cache.ts';
import { unknownRun } from './run-facts.ts';
import { type Saved, save } from './save.ts';
import type { Input, Notice, RoundRow, RunRow, RunState, UpdateRow } from './state.ts';

/** Measures the writer. */
export interface FlushWatch {
  /** The origin of a job, in the form that the watcher uses; read when the job is submitted. */
  origin?(): unknown;
  /** Around each transaction. */
  flush<T>(group: FlushGroup, commit: () => Promise<T>): Promise<T>;
}

export interface FlushGroup {
  readonly inputs: number;
  /** `takenAt` by `performance.now()`. */
  readonly jobs: readonly { readonly takenAt: number; readonly origin: unknown }[];
}

// Waiting inputs, about 100 MB; past it reporters are asked to retry.
const maxWaiting = 200_000;

/** True if the disk has room for more. [B5] */
interface Disk {
  lookIfDue(): Promise<void>;
  /** Throws while there is none. */
  check(): void;
  refusalOf(error: unknown): Error | undefined;
}

export interface WriterOptions {
  readonly db: Db;
  readonly bus: EventBus;
  readonly now?: () => Date;
  readonly watch?: FlushWatch;
  readonly bounds?: Bounds | undefined;
  readonly disk?: Disk | undefined;
  /** Counts what each API key costs; without it nothing is counted or refused. [B8] */
  readonly usage?: KeyUsage | undefined;
  /** Given every round that a commit ended or that changed after its end, with all of its parts. */
  readonly onRoundOver?: (round: RoundRow, parts: readonly UpdateRow[]) => void;
}

const unwatched: FlushWatch = { flush: (_group, commit) => commit() };

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
  readonly #bounds: Bounds | undefined;
  readonly #disk: Disk | undefined;
  readonly #usage: KeyUsage | undefined;
  readonly #cache = new RunCache();
  readonly #recentRuns = new RecentRuns();
  /** The months whose partitions existed at the last look: another server may have dropped an old one. */
  readonly #months = new Set<Month>();
  #waiting: Job[] = [];
  #wasLarge = false;
  #waitingInputs = 0;
  #flushing: Promise<void> | null = null;
  #isClosed = false;

  readonly #onRoundOver: NonNullable<WriterOptions['onRoundOver']>;

  constructor({
    db,
    bus,
    onRoundOver = () => {},
    now = () => new Date(),
    watch = unwatched,
    bounds,
    disk,
    usage,
  }: WriterOptions) {
    this.#disk = disk;
    this.#usage = usage;
    this.#onRoundOver = onRoundOver;
    this.#bounds = bounds;
    this.#watch = watch;
    this.#db = db;
    this.#bus = bus;
    this.#now = now;
  }

  /** Resolves once the inputs are committed. Rejects with `Busy` when too much waits; nothing of it is kept then. */
  submit(inputs: readonly Input[], batch?: BatchId): Promise<SubmitResult> {
    if (this.#isClosed) return Promise.reject(new Busy('the server is shutting down', 1));
    if (this.#waitingInputs + inputs.length > maxWaiting)
      return Promise.reject(new Busy('too much is waiting to be stored', 1));
    const job = new Job(inputs, batch, this.#watch.origin?.(), this.#now().toISOString());
    this.#waiting.push(job);
    this.#waitingInputs += inputs.length;
    this.#flushing ??= this.#run();
    return job.settled.promise;
  }

  /** The jobs that no transaction has begun to store. */
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
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      const full = await this.#diskProblem();
      if (!full) {
        await this.#flush(group);
        continue;
      }
      // Of the reserve, an attention list that says so takes a few kilobytes.
      const [lists, refused] = [group.filter(isOfAttention), group.filter((piece) => !isOfAttention(piece))];
      this.#reject(refused, full);
      if (lists.length > 0) await this.#flush(lists);
    }
    this.#flushing = null;
  }

  /**
   * As much as one transaction holds: jobs that fit whole, or one piece of a large job, in turn. So a small job waits for
   * one such piece at most, and a large one still moves on. [B3]
   */
  #nextGroup(): Piece[] {
    const large = this.#waiting.findIndex((job) => !job.isSmall);
    const hasSmall = this.#waiting.some((job) => job.isSmall);
    const isTurnOfLarge = large >= 0 && (!hasSmall || !this.#wasLarge);
    this.#wasLarge = isTurnOfLarge;
    return isTurnOfLarge ? this.#nextPiece(large) : this.#nextWhole();
  }

  #nextWhole(): Piece[] {
    const room = new Room();
    const group: Piece[] = [];
    for (const job of this.#waiting.filter((job) => job.isSmall)) {
      if (!room.takesAll(job.parts)) break;
      group.push(job.takeAll());
    }
    const taken = new Set(group.map(({ job }) => job));
    this.#waiting = this.#waiting.filter((job) => !taken.has(job));
    this.#waitingInputs -= group.reduce((sum, { job }) => sum + job.inputs.length, 0);
    return group;
  }

  /** What remains of the job waits after the other large ones. */
  #nextPiece(index: number): Piece[] {
    const [job] = this.#waiting.splice(index, 1);
    const piece = job?.take(new Room({ share: 1 / 4 }));
    if (!job || !piece) return [];
    if (piece.isLast) this.#waitingInputs -= job.inputs.length;
    else this.#waiting.push(job);
    return [piece];
  }

  async #flush(group: readonly Piece[]): Promise<void> {
    const inputs = group.reduce((sum, { parts }) => sum + parts.length, 0);
    const commit = () => this.#commit(group);
    const jobs = group.map(({ job }) => job);
    const done = await this.#watch
      .flush({ inputs, jobs }, commit)
      .catch((error: unknown) => this.#refuse(group, error));
    if (!done) return;
    done.finish();
    for (const committed of done.committed) this.#bus.publish(committed);
  }

  async #refuse(group: readonly Piece[], error: unknown): Promise<void> {
    this.#cache.forget(group.flatMap(({ parts }) => parts.map(({ input }) => input.run_id)));
    if (this.#months.size > 0 && isMissingPartition(error)) {
      this.#months.clear();
      return this.#flush(group);
    }
    // A connection that broke during the commit leaves open whether it happened.
    if (isTransient(error)) this.#bus.publishMissed();
    // One job that the database refuses must not cost the others theirs.
    if (group.length > 1 && !isTransient(error)) for (const piece of group) await this.#flush([piece]);
    else {
      const busy = isTransient(error) ? new Busy('the database is out of reach', 1) : error;
      this.#reject(group, this.#disk?.refusalOf(error) ?? busy);
    }
  }

  async #diskProblem(): Promise<unknown> {
    try {
      await this.#disk?.lookIfDue();
      this.#disk?.check();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** The rest of these jobs is not stored: their callers send them again. */
  #reject(group: readonly Piece[], error: unknown): void {
    for (const { job, isLast } of group) {
      job.settled.reject(error);
      const rest = isLast ? -1 : this.#waiting.indexOf(job);
      if (rest < 0) continue;
      this.#waiting.splice(rest, 1);
      this.#waitingInputs -= job.inputs.length;
    }
  }

  async #commit(group: readonly Piece[]): Promise<{ finish: () => void; committed: Committed[] }> {
    const receivedAt = this.#now().toISOString();
    let written: { before: RunRow; saved: Saved }[] = [];
    let newMonths: Month[] = [];
    const finish = await this.#db.transaction(async (tx) => {
      const batches = new Batches(
        tx,
        group.map(({ job, isLast }) => ({ batch: isLast ? job.batch : undefined, inputs: job.inputs })),
      );
      const fresh = await batches.take(receivedAt);
      const byRun = groupByRun(group, fresh);
      for (const run_id of this.#recentRuns.due(batches.knownRuns(), receivedAt)) {
        const input = { type: 'reporter_heard', run_id } as const;
        if (!byRun.has(run_id))
          byRun.set(run_id, [{ input, at: undefined, origin: undefined, owner: undefined, key: undefined }]);
      }
      const costs = new Map<string, Costs>();
      const locked = await this.#lock(tx, byRun, receivedAt, costs);
      const projects = new Map(locked.map(({ run_id, project_id }) => [run_id, project_id]));
      const foreign = group.map((piece, index) => (fresh[index] ? foreignParts(piece, projects) : new Set<number>()));
      const duplicates = group.map(() => new Set<number>());
      const refused = group.map(() => new Map<number, string>());
      const months = new Set(locked.map(({ created_at }) => monthOf(created_at)));
      newMonths = [...months].filter((month) => !this.#months.has(month));
      await createPartitions(tx, newMonths);
      const works = locked.flatMap((before) => {
        const entries = (byRun.get(before.run_id) ?? []).filter(({ owner }) => isOwn(owner, before.project_id));
        return entries.length === 0 ? [] : [{ before, entries, inputs: entries.map(({ input }) => input) }];
      });
      const states = await this.#cache.load(tx, works);
      const reduced = works.map(({ inputs, entries }, index) => {
        const state = states[index] as RunState;
        const reduction = reduce(state, inputs, receivedAt, (at) => entries[at]?.origin, this.#bounds);
        return { state, reduction };
      });
      const all = await save(tx, reduced, receivedAt);
      written = works.map(({ before }, index) => ({ before, saved: all[index] as Saved }));
      for (const [index, { entries, inputs }] of works.entries()) {
        const saved = all[index] as Saved;
        for (const [at, input] of inputs.entries()) {
          if ('record' in input && !saved.duplicates.has(at)) await input.record?.(tx);
        }
        for (const at of saved.duplicates) noteAt(entries[at], duplicates);
        for (const [at, why] of reduced[index]?.reduction.refused ?? []) {
          const place = entries[at]?.at;
          if (place) refused[place.piece]?.set(place.part, why);
        }
      }
      const runs = written
        .flatMap(toCommitted)
        .map(({ run_id, epoch, seq, is_new_run }) => ({ run_id, epoch, seq, is_new_run }));
      if (runs.length > 0) await this.#bus.announce(tx, { runs });
      const waiting = await batches.answer();
      for (const [index, { job, parts, isLast }] of group.entries()) {
        if (!fresh[index]) continue;
        if (isLast && job.batch?.bytes) addCost(costs, job.batch.key_id, { bytes: job.batch.bytes });
        for (const [part, { input }] of parts.entries()) {
          const cost = input.type === 'model_saved' ? input.cost : undefined;
          if (cost && !foreign[index]?.has(part) && !duplicates[index]?.has(part))
            addCost(costs, cost.key_id, { upload_bytes: cost.bytes });
        }
      }
      // Last, so that another server with the same key waits for this commit only.
      const noteCosts = await this.#usage?.add(tx, costs);
      return () => {
        noteCosts?.();
        for (const [index, piece] of group.entries()) {
          const { job } = piece;
          job.note(piece, duplicates[index] ?? none, foreign[index] ?? none, refused[index] ?? new Map());
          if (!piece.isLast) continue;
          const commands = (job.batch && waiting.get(reporterOf(job.batch))) ?? [];
          job.settled.resolve(job.result(!fresh[index], commands));
        }
      };
    });
    for (const month of newMonths) this.#months.add(month);
    for (const { saved } of written) {
      this.#cache.apply(saved.run, saved);
      for (const row of saved.rounds.values()) {
        const parts = isRoundOver(row) && this.#cache.partsOf(row.run_id, row.round);
        if (parts) this.#onRoundOver(row, parts);
      }
    }
    this.#cache.shrink();
    this.#recentRuns.note(
      written.map(({ saved }) => saved.run),
      receivedAt,
    );
    return { finish, committed: written.flatMap(toCommitted) };
  }

  async #lock(
    tx: Db,
    byRun: ReadonlyMap<RunId, readonly Entry[]>,
    receivedAt: string,
    costs: Map<string, Costs>,
  ): Promise<RunRow[]> {
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
    const byKey = Map.groupBy(missing, ([, entries]) => firstOwned(entries)?.key);
    byKey.delete(undefined);
    const counts = new Map([...byKey].map(([key, ofKey]) => [key as string, ofKey.length]));
    await this.#usage?.checkRuns(tx, counts);
    for (const [key, count] of counts) addCost(costs, key, { runs: count });
    const created = missing.map(([id, entries]) => ({
      ...unknownRun(
        id,
        firstMoment(entries, receivedAt),
        randomBytes(9).toString('base64url'),
        firstOwned(entries)?.owner,
      ),
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

const isOfAttention = ({ job }: Piece): boolean => job.inputs.every(({ type }) => type === 'attention_changed');

/** An upload creates its run, like any other report. [F4] */
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

/** Where in the group an entry comes from. */
interface Place {
  readonly piece: number;
  readonly part: number;
}

interface Entry {
  readonly input: Input;
  /** Undefined for notices that belong to no job. */
  readonly at: Place | undefined;
  readonly origin: Origin | undefined;
  /** The project that it speaks for; undefined is the server itself. */
  readonly owner: ProjectId | undefined;
  /** The API key that it came with. */
  readonly key: string | undefined;
}

const none: ReadonlySet<number> = new Set();

function noteAt(entry: Entry | undefined, into: readonly Set<number>[]): void {
  if (entry?.at) into[entry.at.piece]?.add(entry.at.part);
}

/** A run belongs to the project of the API key that named it first. [O2] */
const firstOwned = (entries: readonly Entry[]): Entry | undefined => entries.find(({ owner }) => owner !== undefined);

const isOwn = (owner: ProjectId | undefined, project: ProjectId): boolean => owner === undefined || owner === project;

const ownerOfInput = ({ batch }: Pick<Job, 'batch'>, input: Input): ProjectId | undefined =>
  input.type === 'model_saved' ? input.project_id : batch?.project_id;

function foreignParts({ job, parts }: Piece, projects: ReadonlyMap<RunId, ProjectId>): Set<number> {
  const foreign = new Set<number>();
  for (const [part, { input }] of parts.entries()) {
    const project = projects.get(input.run_id);
    if (project !== undefined && !isOwn(ownerOfInput(job, input), project)) foreign.add(part);
  }
  return foreign;
}

/** A run began no later than the first thing that is said of it. */
function firstMoment(entries: readonly Entry[], receivedAt: string): string {
  const moments = entries.flatMap(({ input, origin }) => ('at' in input ? [onBatchClock(input.at, origin)] : []));
  return [...moments, receivedAt].sort()[0] as string;
}

function groupByRun(group: readonly Piece[], fresh: readonly boolean[]): Map<RunId, Entry[]> {
  const byRun = new Map<RunId, Entry[]>();
  group.forEach(({ job, parts }, piece) => {
    if (!fresh[piece]) return;
    const { batch, receivedAt } = job;
    const origin = batch && { reporter_id: batch.reporter_id, offset_ms: batch.offset_ms ?? null, receivedAt };
    for (const [part, { input: said }] of parts.entries()) {
      const input = said.type === 'command_ack' ? { ...said, reporter_id: batch?.reporter_id } : said;
      const entries = byRun.get(input.run_id);
      const key = said.type === 'model_saved' ? said.cost?.key_id : batch?.key_id;
      const entry = { input, at: { piece, part }, origin, owner: ownerOfInput({ batch }, said), key };
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
      is_new_run: mayBeNewest(before, run),
    },
  ];
}

/** A run that is new, runs again or began at another moment may be the newest from now on. [S9] */
const mayBeNewest = (before: RunRow, run: RunRow): boolean =>
  before.seq === 0 ||
  (run.status === 'running' && (before.status !== 'running' || before.started_at !== run.started_at));
