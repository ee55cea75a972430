import type { RunId } from '@rondo/protocol';
import type { Committed } from '../bus/event-bus.ts';
import type { LiveSource } from './live-source.ts';
import { type ChangeCounts, PendingChanges } from './pending-changes.ts';
import { SerializedBatch } from './serialized-batch.ts';
import type { Position, Viewer } from './viewer.ts';

export interface ChannelDeps {
  readonly source: Pick<LiveSource, 'changes'>;
  readonly counts: ChangeCounts;
  readonly now: () => number;
  readonly setTimer: (run: () => void, ms: number) => unknown;
  readonly onError: (error: unknown) => void;
  /** Called for a viewer that must read the database by itself. */
  readonly catchUp: (viewer: Viewer) => void;
}

/** At most about 20 batches a second; a change after a quiet period is sent at once. */
const batchMs = 50;
/** Pause after a failed read. */
const retryMs = 1_000;
/** Past this many pending entities, re-reading is cheaper than buffering. */
const maxPending = 20_000;

/**
 * The viewers of one run, and the part of the run that this server knows:
 *
 *   sent ──── gap ────▶ fromSeq ──── pending, from commits of this server ────▶ seq ──── not read yet ────▶ announced
 *
 * A gap, and commits that other servers announced, are read from the database once for all viewers. [S5]
 */
export class Channel {
  readonly #runId: RunId;
  readonly #deps: ChannelDeps;
  readonly #viewers = new Set<Viewer>();
  readonly #pending: PendingChanges;
  #epoch: string | undefined;
  /** The position of the viewers that keep up; 0 until the first of them has its snapshot. */
  #sent = 0;
  #fromSeq = 0;
  #seq = 0;
  /** Infinite when an announcement may have been missed. */
  #announced = 0;
  #timer: unknown;
  #flushedAt = 0;
  #isReading = false;

  constructor(runId: RunId, deps: ChannelDeps) {
    this.#runId = runId;
    this.#deps = deps;
    this.#pending = new PendingChanges(deps.counts);
  }

  get viewers(): ReadonlySet<Viewer> {
    return this.#viewers;
  }

  add(viewer: Viewer): void {
    this.#viewers.add(viewer);
  }

  remove(viewer: Viewer): boolean {
    return this.#viewers.delete(viewer);
  }

  /** Sends a commit of this server to the viewers. */
  publish(committed: Committed): void {
    if (this.#isOfAnotherRun(committed)) {
      this.announce(committed);
      return;
    }
    if (committed.seq <= this.#seq) return;
    if (committed.from_seq > this.#seq) this.#restartPending(committed.from_seq);
    for (const event of committed.events()) this.#pending.add(event);
    if (this.#pending.size > maxPending) this.#restartPending(committed.seq);
    this.#epoch = committed.epoch;
    this.#seq = committed.seq;
    this.#schedule();
  }

  /** Records a commit whose changes are only in the database. [D2] */
  announce({ epoch, seq }: Position): void {
    const announced = this.#isOfAnotherRun({ epoch, seq }) ? Number.POSITIVE_INFINITY : seq;
    if (announced <= Math.max(this.#seq, this.#announced)) return;
    this.#epoch ??= epoch;
    this.#announced = announced;
    this.#schedule();
  }

  /** Announcements may have been missed: reads the database once. [D3] */
  check(): void {
    this.#announced = Number.POSITIVE_INFINITY;
    this.#schedule();
  }

  /** A viewer has read up to `position`. Returns false if the others are further, so that it must read on. */
  join(viewer: Viewer, { epoch, seq }: Position): boolean {
    if (this.#epoch !== undefined && this.#epoch !== epoch) this.#startOver(viewer);
    this.#epoch = epoch;
    if (this.#sent === 0) this.#moveTo(seq);
    if (seq < this.#sent) return false;
    if (this.#hasNews) this.#schedule();
    return true;
  }

  /** Changes after `sent` can only be read from the database. */
  get #mustRead(): boolean {
    return this.#sent !== 0 && (this.#sent < this.#fromSeq || this.#seq < this.#announced);
  }

  get #hasNews(): boolean {
    return this.#seq > this.#sent || this.#announced > this.#sent;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isReading) return;
    const { now, setTimer } = this.#deps;
    const waitMs = Math.max(0, this.#flushedAt + batchMs - now());
    if (waitMs === 0) this.#flush();
    else this.#timer = setTimer(() => this.#flush(), waitMs);
  }

  #flush(): void {
    this.#timer = undefined;
    this.#flushedAt = this.#deps.now();
    if (this.#mustRead) return void this.#read();
    const events = this.#pending.take();
    this.#deps.counts.sent += events.length;
    this.#send(new SerializedBatch(this.#runId, this.#seq, events));
    this.#moveTo(this.#seq);
  }

  #send(batch: SerializedBatch): void {
    for (const viewer of this.#viewers) {
      const mustCatchUp = viewer.hasDrained(this.#flushedAt) || viewer.deliver(batch, this.#sent, this.#flushedAt);
      if (mustCatchUp) this.#deps.catchUp(viewer);
    }
  }

  async #read(): Promise<void> {
    const { source, counts, setTimer, onError } = this.#deps;
    const { epoch = '', sent, announced } = { epoch: this.#epoch, sent: this.#sent, announced: this.#announced };
    this.#isReading = true;
    this.#announced = 0;
    try {
      const changes = await source.changes(this.#runId, epoch, sent);
      this.#isReading = false;
      if (this.#epoch === epoch && this.#sent === sent) {
        if (!changes) return this.#startOver();
        if (changes.seq > sent) {
          counts.sent += changes.events.length;
          this.#send(new SerializedBatch(this.#runId, changes.seq, changes.events));
        }
        this.#moveTo(changes.seq);
      }
      if (this.#hasNews) this.#schedule();
    } catch (error) {
      onError(error);
      this.#isReading = false;
      this.#announced = Math.max(this.#announced, announced);
      this.#timer = setTimer(() => this.#flush(), retryMs);
    }
  }

  /** The viewers that keep up have everything up to `seq`. Pending changes past it stay. */
  #moveTo(seq: number): void {
    this.#sent = seq;
    if (this.#seq > seq) return;
    this.#restartPending(seq);
    this.#seq = seq;
  }

  #restartPending(seq: number): void {
    this.#pending.drop();
    this.#fromSeq = seq;
  }

  /** Another run may have taken this id: every viewer except `joined` re-reads from the database. */
  #startOver(joined?: Viewer): void {
    this.#restartPending(0);
    this.#epoch = undefined;
    this.#sent = 0;
    this.#seq = 0;
    this.#announced = Number.POSITIVE_INFINITY;
    for (const viewer of this.#viewers) if (viewer !== joined) this.#deps.catchUp(viewer);
  }

  /** The id was deleted and reported again. */
  #isOfAnotherRun({ epoch }: Position): boolean {
    return this.#epoch !== undefined && this.#epoch !== epoch;
  }
}
