import type { Clock } from './clock.ts';
import type { QueuedEvent } from './event.ts';
import type { Work } from './lane.ts';
import { MemoryLane } from './memory-lane.ts';
import type { EventQueue } from './queue.ts';
import { byAge, type SpoolHome } from './spool/home.ts';
import type { Stored } from './spool/records.ts';
import { Spool, type SpoolBatch } from './spool/spool.ts';

interface OutboxOptions {
  readonly run_id: string;
  readonly queue: EventQueue;
  readonly home: SpoolHome | null;
  readonly clock: Clock;
  /** Puts into the queue what was reported and is not encoded yet. */
  readonly encodeDeferred: () => void;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  /** The disk is in the way, or (`null`) no longer. */
  readonly onDiskTrouble: (error: unknown) => void;
  readonly onDropped: (telemetry: number, facts: number) => void;
  /** The event that reports drops; `null` if there are none. */
  readonly makeNotice: (run_id: string, telemetry: number, facts: number) => QueuedEvent | null;
}

const retryDiskMs = 1_000;
const adoptMs = 60_000;
// After a silence of this length another process may take over our spool.
const doubtMs = 60_000;
// A write that fails costs no more than this to be tried again.
const chunkEvents = 1_000;
const chunkBytes = 256 * 1024;

/**
 * Where batches come from: the spool, the spools of ended processes, or memory when the disk fails. [R26, R27]
 *
 *     call ─▶ queue ─(timer, 20 ms)─▶ own spool ─┐
 *               └─ disk fails, or no spool ──────┼─▶ next ─▶ sender
 *                              adopted spools ───┘
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #memory: MemoryLane;
  #own: Spool | null = null;
  #adopted: Spool[] = [];
  /** Own spools that another process has taken over. */
  readonly #handedOver: Spool[] = [];
  #retryDiskAt = Number.NEGATIVE_INFINITY;
  #adoptAt = Number.NEGATIVE_INFINITY;
  #keptAt = Number.POSITIVE_INFINITY;
  #isAdopting = false;
  #isClosed = false;
  #announced = { telemetry: 0, facts: 0 };

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#memory = new MemoryLane(options.queue);
  }

  /** Events of this reporter that the server does not have. */
  get waiting(): number {
    return sumOf(this.#handedOver) + this.#toSend;
  }

  get #toSend(): number {
    return this.#options.queue.size + this.#memory.waiting + (this.#own?.waiting ?? 0);
  }

  /** True if there is something to send, also of ended processes unless only this run is asked for. */
  hasWork(ofThisRunOnly: boolean): boolean {
    const { run_id } = this.#options;
    const others = this.#adopted.some((spool) => !ofThisRunOnly || spool.run_id === run_id);
    return others || this.#toSend > 0 || this.#memory.hasRest;
  }

  /** Parts of a batch that was under way. */
  get hasRest(): boolean {
    return this.#memory.hasRest;
  }

  get hasFullBatch(): boolean {
    const { queue, maxBatchEvents, maxBatchBytes } = this.#options;
    return this.#toSend >= maxBatchEvents || queue.bytes >= maxBatchBytes;
  }

  /** Drops in the own spool that were not reported yet. */
  get dropped(): readonly [number, number] {
    return this.#own?.dropped ?? [0, 0];
  }

  get isOverHalf(): boolean {
    return this.#options.queue.isOverHalf || (this.#own?.isOverHalf ?? false);
  }

  /** Brings what waits in memory to the disk, if that takes it. Never throws. */
  flush(): void {
    const { queue, home, clock, run_id, onDiskTrouble } = this.#options;
    if (home === null || this.#isClosed || queue.size === 0 || clock.now() < this.#retryDiskAt) return;
    if (clock.now() - this.#keptAt > doubtMs) this.keepLocks();
    try {
      while (queue.size > 0) {
        const events = queue.peek(chunkEvents, chunkBytes);
        this.#own ??= this.#create(home, run_id);
        this.#own.append(events);
        queue.discard(events);
        this.#own.keepWithinBound();
      }
      onDiskTrouble(null);
    } catch (error) {
      this.#retryDiskAt = clock.now() + retryDiskMs;
      onDiskTrouble(error);
    }
    this.#countLosses();
  }

  #create(home: SpoolHome, run_id: string): Spool {
    this.#announced = { telemetry: 0, facts: 0 };
    this.#keptAt = this.#options.clock.now();
    return home.create(run_id);
  }

  #countLosses(): void {
    if (this.#own === null) return;
    const [telemetry, facts] = this.#own.dropped;
    const before = this.#announced;
    this.#announced = { telemetry, facts };
    const lost = [telemetry - before.telemetry, facts - before.facts] as const;
    if (lost[0] + lost[1] > 0) this.#options.onDropped(...lost);
  }

  /** Appends a notice of these drops to the queue; returns whether it was written. */
  tellDrops(notice: QueuedEvent): boolean {
    this.flush();
    try {
      this.#own?.tellDrops(notice);
      this.#announced = { ...this.#announced, telemetry: 0, facts: 0 };
      return true;
    } catch {
      return false; // With the next answer, then.
    }
  }

  /** The next batch: with `isPoll` an empty one if nothing waits, with `isLast` no events of other runs. */
  next({ isPoll, isLast }: { isPoll: boolean; isLast: boolean }): Work | null {
    this.#options.encodeDeferred();
    this.flush();
    if (this.#memory.hasRest) return this.#fromMemory();
    const { run_id, queue } = this.#options;
    const before = this.#adopted.filter((spool) => spool.run_id === run_id);
    const own = this.#own !== null && this.#own.waiting > 0 ? [this.#own] : [];
    return (
      this.#fromFirst([...before, ...own]) ??
      (queue.size > 0 ? this.#fromMemory() : null) ??
      this.#fromFirst(isLast ? [] : this.#adopted) ??
      (isPoll ? this.#poll() : null)
    );
  }

  #fromFirst(spools: readonly Spool[]): Work | null {
    for (const spool of spools) {
      const work = this.#fromSpool(spool);
      if (work) return work;
    }
    return null;
  }

  #fromMemory(): Work {
    const { maxBatchEvents, maxBatchBytes } = this.#options;
    return { lane: this.#memory, batch: this.#memory.nextBatch(maxBatchEvents, maxBatchBytes), isOwn: true };
  }

  #fromSpool(spool: Spool): Work | null {
    const { maxBatchEvents, maxBatchBytes } = this.#options;
    try {
      return { lane: spool, batch: spool.nextBatch(maxBatchEvents, maxBatchBytes), isOwn: spool === this.#own };
    } catch {
      return this.#lendSome(spool);
    }
  }

  /** No batch can be written: its events go under the number of another reporter. */
  #lendSome(spool: Spool): Work | null {
    const { maxBatchEvents, maxBatchBytes } = this.#options;
    try {
      return this.#lend(spool, spool.peek(maxBatchEvents, maxBatchBytes));
    } catch {
      return null; // Nor read; perhaps later.
    }
  }

  #lend(spool: Spool, events: readonly Stored[]): Work | null {
    if (events.length === 0) return null;
    this.#memory.lend(events, () => spool.settleWithoutAnswer(events));
    return { ...this.#fromMemory(), isOwn: spool === this.#own };
  }

  #poll(): Work {
    try {
      if (this.#own !== null) return { lane: this.#own, batch: this.#own.nextBatch(0, 0), isOwn: true };
    } catch {
      // A number that cannot be written must not be used.
    }
    return this.#fromMemory();
  }

  /** The server has the batch for good. */
  answered({ lane }: Work): void {
    lane.answered();
    this.#countLosses();
    this.#tidy();
  }

  /** The first half under the same number, or, if the disk does not take that, under a number of memory. [R10] */
  halve(work: Work): Work {
    const { lane, batch } = work;
    try {
      return { ...work, batch: lane.halve() };
    } catch {
      const lent = lane instanceof Spool ? this.#lend(lane, (batch as SpoolBatch).events) : null;
      return lent === null ? work : { ...lent, batch: this.#memory.halve() };
    }
  }

  /** The number is still to be sent, empty, until it is answered: an earlier, lost attempt may have used it up. [R11] */
  giveUp(work: Work): Work | null {
    const { lane, batch } = work;
    try {
      return { ...work, batch: lane.giveUp() };
    } catch {
      if (lane instanceof Spool) lane.settleWithoutAnswer((batch as SpoolBatch).events);
      return null;
    }
  }

  /** Looks for spools of ended processes, when it is time. */
  async adopt(): Promise<void> {
    const { home, clock } = this.#options;
    if (home === null || this.#isAdopting || this.#isClosed || clock.now() < this.#adoptAt) return;
    this.#adoptAt = clock.now() + adoptMs;
    this.#isAdopting = true;
    const found = await home.adopt();
    this.#isAdopting = false;
    for (const spool of found) this.#tellDropsOf(spool);
    this.#adopted = [...this.#adopted, ...found].sort(byAge);
    if (this.#isClosed) this.#closeAdopted();
    else this.#tidy();
  }

  get isAdoptionDue(): boolean {
    return this.#options.home !== null && this.#options.clock.now() >= this.#adoptAt;
  }

  #tellDropsOf(spool: Spool): void {
    const notice = this.#options.makeNotice(spool.run_id, ...spool.dropped);
    try {
      if (notice) spool.tellDrops(notice);
    } catch {
      // They stay in the folder, for the next who adopts it.
    }
  }

  /** Touches our locks; gives up spools that another process has taken over. [R25] */
  keepLocks(): void {
    this.#keptAt = this.#options.clock.now();
    this.#adopted = this.#adopted.filter((spool) => {
      const isOurs = spool.lock.keep();
      if (!isOurs) spool.abandon();
      return isOurs;
    });
    if (this.#own === null || this.#own.lock.keep()) return;
    this.#own.abandon();
    this.#handedOver.push(this.#own);
    this.#own = null;
  }

  #tidy(): void {
    const isEmpty = (spool: Spool) => spool.waiting === 0;
    for (const spool of this.#adopted.filter(isEmpty)) closeQuietly(spool);
    this.#adopted = this.#adopted.filter((spool) => !isEmpty(spool));
  }

  /** Leaves folders to the next reporter; says how many events only memory had, and where the others are. */
  close(): { inMemory: number; onDisk: number; folder: string | null } {
    this.flush();
    this.#isClosed = true;
    this.#closeAdopted();
    const onDisk = this.#own?.waiting ?? 0;
    const folder = onDisk > 0 ? (this.#own?.folder ?? null) : null;
    if (this.#own) closeQuietly(this.#own);
    const inMemory = this.#options.queue.size + this.#memory.waiting;
    return { inMemory, onDisk: onDisk + sumOf(this.#handedOver), folder };
  }

  #closeAdopted(): void {
    for (const spool of this.#adopted.splice(0)) closeQuietly(spool);
  }
}

const sumOf = (spools: readonly Spool[]): number => spools.reduce((sum, { waiting }) => sum + waiting, 0);

function closeQuietly(spool: Spool): void {
  try {
    spool.close();
  } catch {
    // Its lock then goes with this process.
  }
}
