import type { EventBus } from '../bus/event-bus.ts';
import type { Db } from '../db/db.ts';
import type { BatchId } from '../db/queries/reporters.ts';
import { isTransient } from '../db/transient.ts';
import { Busy } from '../errors.ts';
import { type Ahead, Committer, type Watch } from './committer.ts';
import { Job, type Piece, type SubmitResult } from './job.ts';
import type { KeyUsage } from './key-usage.ts';
import type { Bounds } from './reduce.ts';
import type { Input, RoundRow, UpdateRow } from './state.ts';
import { WaitingLine } from './waiting-line.ts';

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
  /** How much of what a transaction may hold each one gets; all of it by default. */
  readonly share?: number | undefined;
  /** Given every round that a commit ended or that changed after its end, with all of its parts. */
  readonly onRoundOver?: (round: RoundRow, parts: readonly UpdateRow[]) => void;
}

interface Next {
  readonly group: Piece[];
  readonly ahead?: Ahead | undefined;
}

/** Nothing else is being stored. */
const nothing = () => {};
const alone: Watch = { before: Promise.resolve(), onSent: nothing, onCommitting: nothing, onWritten: nothing };

const unwatched: FlushWatch = { flush: (_group, commit) => commit() };

/**
 * The one writer: groups what is waiting into one transaction, and acknowledges after the commit. [I1]
 *
 *   submit ─▶ waiting ─▶ begin · take batch numbers · lock runs · reduce · upsert · commit ─▶ bus, then the callers
 */
export class IngestWriter {
  readonly #committer: Committer;
  readonly #bus: EventBus;
  readonly #now: () => Date;
  readonly #watch: FlushWatch;
  readonly #disk: Disk | undefined;
  readonly #line: WaitingLine;
  #flushing: Promise<void> | null = null;
  #settled: Promise<void> | undefined;
  #isClosed = false;

  constructor({
    db,
    bus,
    onRoundOver = () => {},
    now = () => new Date(),
    watch = unwatched,
    bounds,
    disk,
    usage,
    share,
  }: WriterOptions) {
    this.#line = new WaitingLine(share);
    this.#committer = new Committer({ db, bus, now, bounds, usage, onRoundOver });
    this.#disk = disk;
    this.#watch = watch;
    this.#bus = bus;
    this.#now = now;
  }

  /** Resolves once the inputs are committed. Rejects with `Busy` when too much waits; nothing of it is kept then. */
  submit(inputs: readonly Input[], batch?: BatchId): Promise<SubmitResult> {
    if (this.#isClosed) return Promise.reject(new Busy('the server is shutting down', 1));
    if (this.#line.inputs + inputs.length > maxWaiting)
      return Promise.reject(new Busy('too much is waiting to be stored', 1));
    const job = new Job(inputs, batch, this.#watch.origin?.(), this.#now().toISOString());
    this.#line.add(job);
    this.#flushing ??= this.#run();
    return job.settled.promise;
  }

  /** The jobs that no transaction has begun to store. */
  get waiting(): { readonly inputs: number; readonly oldestMs: number } {
    const { oldest } = this.#line;
    return { inputs: this.#line.inputs, oldestMs: oldest ? performance.now() - oldest.takenAt : 0 };
  }

  /** Takes nothing more, and resolves when all that was taken is stored or refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#flushing;
  }

  async #run(): Promise<void> {
    // A turn of the event loop, so that requests which arrived together share a transaction.
    await new Promise((resolve) => setImmediate(resolve));
    do {
      await this.#storeWaiting();
      await this.#settled;
    } while (this.#line.size > 0);
    this.#flushing = null;
  }

  async #storeWaiting(): Promise<void> {
    let next: Next | undefined;
    let before = Promise.resolve();
    while (next || this.#line.size > 0) {
      const { group, ahead }: Next = next ?? { group: this.#line.nextGroup() };
      next = undefined;
      const full = await this.#diskProblem();
      if (full) {
        await before;
        // Of the reserve, an attention list that says so takes a few kilobytes.
        const [lists, refused] = [group.filter(isOfAttention), group.filter((piece) => !isOfAttention(piece))];
        this.#reject(refused, full);
        if (lists.length > 0) await this.#flush(lists);
        continue;
      }
      const startedAt = performance.now();
      const committing = Promise.withResolvers<void>();
      const written = Promise.withResolvers<void>();
      let isOver = false;
      const take = (isFull: boolean) => {
        if (!isOver) next ??= this.#takeNext(isFull);
      };
      const watch = {
        before,
        onSent: () => take(true),
        onCommitting: committing.resolve,
        onWritten: () => {
          take(false);
          written.resolve();
        },
      };
      const stored = this.#flush(group, watch, ahead).then(() =>
        this.#line.noteTook(group, performance.now() - startedAt),
      );
      await Promise.race([stored, committing.promise]);
      // What does not fill a transaction waits for more until the database has nothing else to do.
      if (!(next as Next | undefined)) await Promise.race([stored, written.promise]);
      if (!(next as Next | undefined)?.ahead) await stored;
      isOver = true;
      before = stored;
    }
    await before;
  }

  /** While a group is being stored: the next one, which may have to be full, and what it will change. */
  #takeNext(isFull: boolean): Next | undefined {
    const group = this.#line.nextSmallGroup(isFull);
    return group && { group, ahead: this.#committer.reduceAhead(group) };
  }

  async #flush(group: readonly Piece[], watch = alone, ahead?: Ahead): Promise<void> {
    const inputs = group.reduce((sum, { parts }) => sum + parts.length, 0);
    const commit = () => this.#committer.commit(group, watch, ahead);
    const jobs = group.map(({ job }) => job);
    const done = await this.#watch.flush({ inputs, jobs }, commit).catch(async (error: unknown) => {
      await watch.before;
      return this.#refuse(group, error);
    });
    if (!done) return;
    await watch.before;
    // After the next group's first statements, so that the database does not wait for what callers and viewers do.
    this.#settled = new Promise((resolve) => {
      setImmediate(() => {
        done.finish();
        for (const committed of done.committed) this.#bus.publish(committed);
        resolve();
      });
    });
  }

  async #refuse(group: readonly Piece[], error: unknown): Promise<void> {
    if (this.#committer.forget(group, error)) return this.#flush(group);
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
    for (const { job } of group) {
      job.settled.reject(error);
      this.#line.remove(job);
    }
  }
}

const isOfAttention = ({ job }: Piece): boolean => job.inputs.every(({ type }) => type === 'attention_changed');
