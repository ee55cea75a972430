import { randomUUID } from 'node:crypto';
import type { Batch, BatchEvent } from './batch.ts';
import type { Lane } from './lane.ts';
import type { EventQueue } from './queue.ts';

/** Batches of events that are only in memory. Their own `reporter_id` keeps them out of a spool's numbers. [R27] */
export class MemoryLane implements Lane {
  readonly reporter_id = randomUUID();
  readonly #queue: EventQueue;
  #nextNumber = 0;
  #open: Batch | null = null;
  /** Split off a batch that was too large, or lent by a spool and not accepted yet. */
  #rest: readonly BatchEvent[] = [];
  #onSettled: (() => void) | null = null;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /** Events that are here alone, beside the queue; those lent by a spool are counted there. */
  get waiting(): number {
    return this.#onSettled ? 0 : (this.#open?.events.length ?? 0) + this.#rest.length;
  }

  /** Parts of a batch that go before anything else. */
  get hasRest(): boolean {
    return this.#open !== null || this.#rest.length > 0;
  }

  /** Events of a spool in which no batch can be written. */
  lend(events: readonly BatchEvent[], onSettled: () => void): void {
    this.#rest = events;
    this.#onSettled = onSettled;
  }

  nextBatch(maxEvents: number, maxBytes: number): Batch {
    this.#open ??= { number: this.#nextNumber++, events: this.#take(maxEvents, maxBytes) };
    return this.#open;
  }

  answered(): void {
    this.#open = null;
    if (this.#rest.length > 0) return;
    this.#onSettled?.();
    this.#onSettled = null;
  }

  /**
   * The first half keeps the number, the rest follows under the next ones. Right whether or not an earlier, lost attempt
   * was taken: if it was, both halves are duplicates, by number and by their natural keys. [R10]
   */
  halve(): Batch {
    const { number, events } = this.nextBatch(0, 0);
    const middle = events.length >> 1;
    this.#rest = [...events.slice(middle), ...this.#rest];
    this.#open = { number, events: events.slice(0, middle) };
    return this.#open;
  }

  giveUp(): Batch {
    this.#open = { number: this.nextBatch(0, 0).number, events: [] };
    return this.#open;
  }

  #take(maxEvents: number, maxBytes: number): readonly BatchEvent[] {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = [];
      return rest;
    }
    const events = this.#queue.peek(maxEvents, maxBytes);
    this.#queue.discard(events);
    return events;
  }
}
