import type { Committed } from '../bus/event-bus.ts';
import { type ChangeCounts, Collapsed } from './frame.ts';
import type { Session } from './session.ts';

export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** Beyond this many changed entities the database tells it shorter. */
const maxPending = 20_000;

/**
 * Those who watch one run, and how far this server knows it:
 *
 *   sent ──── hole ────▶ fromSeq ──── pending, from commits of this server ────▶ seq ──── rung, not read ────▶ heard
 *
 * A hole, or what another server rang for, is read from the database once for all who watch. [S5]
 */
export class Channel {
  readonly sessions = new Set<Session>();
  readonly pending: Collapsed;
  epoch: string | undefined;
  /** Where those who keep up stand; 0 until the first of them has its snapshot. */
  sent = 0;
  fromSeq = 0;
  seq = 0;
  /** Infinite when a ring may have been missed. */
  heard = 0;
  timer: unknown;
  flushedAt = 0;
  isReading = false;

  constructor(counts: ChangeCounts) {
    this.pending = new Collapsed(counts);
  }

  /** Whether only the database can tell what comes after `sent`. */
  get lacksSomething(): boolean {
    return this.sent !== 0 && (this.sent < this.fromSeq || this.seq < this.heard);
  }

  get hasNews(): boolean {
    return this.seq > this.sent || this.heard > this.sent;
  }

  /** A commit of this server. False when it is known already. */
  add(committed: Committed): boolean {
    if (this.#isOfAnotherRun(committed)) return this.addRemote(committed);
    if (committed.seq <= this.seq) return false;
    if (committed.from_seq > this.seq) {
      this.pending.drop();
      this.fromSeq = committed.from_seq;
    }
    for (const event of committed.events()) this.pending.add(event);
    if (this.pending.size > maxPending) {
      this.pending.drop();
      this.fromSeq = committed.seq;
    }
    this.epoch = committed.epoch;
    this.seq = committed.seq;
    return true;
  }

  /** A commit of another server. False when it is known already. */
  addRemote({ epoch, seq }: Position): boolean {
    const heard = this.#isOfAnotherRun({ epoch, seq }) ? Number.POSITIVE_INFINITY : seq;
    if (heard <= Math.max(this.seq, this.heard)) return false;
    this.epoch ??= epoch;
    this.heard = heard;
    return true;
  }

  /** A session has read its way to here. False when the others are further, and it must read on. */
  land({ epoch, seq }: Position): boolean {
    this.epoch = epoch;
    if (this.sent === 0) this.moveTo(seq);
    return seq >= this.sent;
  }

  /** All who keep up were told of everything up to here. What is pending beyond it goes on from there. */
  moveTo(seq: number): void {
    this.sent = seq;
    if (this.seq > seq) return;
    this.pending.drop();
    this.fromSeq = seq;
    this.seq = seq;
  }

  /** Nothing is known of it any more: a run of the same name may have taken its place. */
  reset(): void {
    this.pending.drop();
    this.epoch = undefined;
    this.sent = 0;
    this.fromSeq = 0;
    this.seq = 0;
    this.heard = Number.POSITIVE_INFINITY;
  }

  /** The id was deleted and reported again. */
  #isOfAnotherRun({ epoch }: Position): boolean {
    return this.epoch !== undefined && this.epoch !== epoch;
  }
}
