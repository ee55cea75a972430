import type { QueuedEvent } from './event.ts';

export interface QueueBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface Dropped {
  readonly telemetry: number;
  readonly facts: number;
}

/** What a later event replaces or what only adds detail: the first to go when the queue is full. [R7] */
const telemetryTypes: ReadonlySet<string> = new Set(['client_heartbeat', 'client_status', 'log', 'metric']);

// An entry holds an object and a string header beside its JSON.
const overheadBytes = 100;

interface Entry {
  readonly event: QueuedEvent;
  readonly order: number;
}

/** Events in the order they were reported, bounded in number and bytes; full, it loses the oldest telemetry first. [R7] */
export class EventQueue {
  readonly #bounds: QueueBounds;
  readonly #telemetry = new Fifo<Entry>();
  readonly #facts = new Fifo<Entry>();
  #order = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#telemetry.size + this.#facts.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isOverHalf(): boolean {
    return this.size * 2 > this.#bounds.maxEvents || this.#bytes * 2 > this.#bounds.maxBytes;
  }

  /** Adds an event; returns what had to go for it. `keep` makes telemetry as lasting as a fact. */
  push(event: QueuedEvent, keep = false): Dropped {
    const line = telemetryTypes.has(event.type) && !keep ? this.#telemetry : this.#facts;
    line.push({ event, order: this.#order++ });
    this.#bytes += event.bytes + overheadBytes;
    let telemetry = 0;
    let facts = 0;
    while (this.size > this.#bounds.maxEvents || (this.#bytes > this.#bounds.maxBytes && this.size > 1)) {
      if (this.#telemetry.size > 0) telemetry++;
      else facts++;
      this.#bytes -= this.#dropOne().event.bytes + overheadBytes;
    }
    return { telemetry, facts };
  }

  /** The oldest events that fit in one batch: at least one if there is any. */
  take(maxEvents: number, maxBytes: number): QueuedEvent[] {
    const taken: QueuedEvent[] = [];
    let bytes = 0;
    while (taken.length < maxEvents) {
      const line = this.#lineOfOldest();
      const event = line.peek()?.event;
      if (!event || (taken.length > 0 && bytes + event.bytes > maxBytes)) break;
      line.shift();
      taken.push(event);
      bytes += event.bytes + 1;
      this.#bytes -= event.bytes + overheadBytes;
    }
    return taken;
  }

  #lineOfOldest(): Fifo<Entry> {
    const telemetry = this.#telemetry.peek()?.order ?? Number.POSITIVE_INFINITY;
    const fact = this.#facts.peek()?.order ?? Number.POSITIVE_INFINITY;
    return telemetry < fact ? this.#telemetry : this.#facts;
  }

  #dropOne(): Entry {
    const dropped = this.#telemetry.shift() ?? this.#shiftFact();
    if (!dropped) throw new Error('dropped from an empty queue');
    return dropped;
  }

  /** Without `run_started` nothing that follows has a name, so it is the last fact to go. */
  #shiftFact(): Entry | undefined {
    const oldest = this.#facts.shift();
    if (oldest?.event.type !== 'run_started' || this.#facts.size === 0) return oldest;
    const next = this.#facts.shift();
    this.#facts.unshift(oldest);
    return next;
  }
}

/** `Array.shift` moves every element; this moves them once in a thousand. */
class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head >= 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Puts back what was just shifted. */
  unshift(item: T): void {
    if (this.#head > 0) this.#items[--this.#head] = item;
    else this.#items.unshift(item);
  }
}
