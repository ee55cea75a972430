import { type LiveEvent, liveEventKey } from '@rondo/protocol';

/** The outcome of adding changes for viewers. */
export interface ChangeCounts {
  /** Sent in a batch, counted once however many viewers received it. */
  sent: number;
  /** Replaced by a newer state of the same entity. */
  collapsed: number;
  /** Dropped from memory; viewers read them from the database. */
  dropped: number;
}

/** The changes since the last batch, at most one per entity. [S4] */
export class PendingChanges {
  readonly #events = new Map<string, LiveEvent>();
  readonly #counts: ChangeCounts;

  constructor(counts: ChangeCounts) {
    this.#counts = counts;
  }

  get size(): number {
    return this.#events.size;
  }

  add(event: LiveEvent): void {
    const key = liveEventKey(event);
    const before = this.#events.get(key);
    if (before) this.#counts.collapsed += 1;
    this.#events.set(key, before ? newer(before, event) : event);
  }

  take(): LiveEvent[] {
    const events = [...this.#events.values()];
    this.#events.clear();
    return events;
  }

  drop(): void {
    this.#counts.dropped += this.#events.size;
    this.#events.clear();
  }
}

/** The later state, named as a beginning if viewers have not received that beginning yet. */
function newer(before: LiveEvent, after: LiveEvent): LiveEvent {
  if (before.type === 'client_joined' && after.type === 'client_update') return { ...after, type: 'client_joined' };
  if (before.type === 'round_started' && after.type === 'round_update') return { ...after, type: 'round_started' };
  return after;
}
