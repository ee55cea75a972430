import type { QueuedEvent } from './event.ts';

export interface QueueBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface Dropped {
  readonly telemetry: number;
  readonly facts: number;
}

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

  /** Adds an event; returns what had to go for it. */
  push(event: QueuedEvent): Dropped {
    const line = event.class === 't' ? this.#telemetry : this.#facts;
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

  /** The oldest events that fit: at least one if there is any. */
  peek(maxEvents: number, maxBytes: number): QueuedEvent[] {
    const found: QueuedEvent[] = [];
    const places = { telemetry: 0, facts: 0 };
    let bytes = 0;
    while (found.length < maxEvents) {
      const telemetry = this.#telemetry.peek(places.telemetry);
      const fact = this.#facts.peek(places.facts);
      const isTelemetry = !fact || (telemetry !== undefined && telemetry.order < fact.order);
      const event = (isTelemetry ? telemetry : fact)?.event;
      if (!event || (found.length > 0 && bytes + event.bytes > maxBytes)) break;
      places[isTelemetry ? 'telemetry' : 'facts']++;
      found.push(event);
      bytes += event.bytes + 1;
    }
    return found;
  }

  /** Removes what was just peeked. */
  discard(events: readonly QueuedEvent[]): void {
    for (const event of events) {
      (event.class === 't' ? this.#telemetry : this.#facts).shift();
      this.#bytes -= event.bytes + overheadBytes;
    }
  }

  #dropOne(): Entry {
    const dropped = this.#telemetry.shift() ?? this.#shiftFact();
    if (!dropped) throw new Error('dropped from an empty queue');
    return dropped;
  }

  /** Without `run_started` nothing that follows has a name, so it is the last fact to go. */
  #shiftFact(): Entry | undefined {
    const oldest = this.#facts.shift();
    if (oldest?.event.class !== 's' || this.#facts.size === 0) return oldest;
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

  peek(place: number): T | undefined {
    return this.#items[this.#head + place];
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
