import { type LiveEvent, liveEventKey, type RunId } from '@rondo/protocol';

/** One batch, made once and sent to every viewer of the run: only the position that it starts from differs. */
export class Frame {
  readonly seq: number;
  readonly #runId: RunId;
  readonly #events: string;
  #last: { fromSeq: number; text: string } | undefined;

  constructor(runId: RunId, seq: number, events: readonly LiveEvent[]) {
    this.#runId = runId;
    this.seq = seq;
    this.#events = JSON.stringify(events);
  }

  /** The message for a viewer that stands at `fromSeq`. */
  text(fromSeq: number): string {
    if (this.#last?.fromSeq !== fromSeq) {
      const head = `{"type":"batch","run_id":${JSON.stringify(this.#runId)},"from_seq":${fromSeq},"seq":${this.seq}`;
      this.#last = { fromSeq, text: `${head},"events":${this.#events}}` };
    }
    return this.#last.text;
  }
}

/** What became of the changes on their way to viewers. */
export interface ChangeCounts {
  /** In a frame, however many viewers it had. */
  sent: number;
  /** A newer state of the same entity took its place. */
  collapsed: number;
  /** Left to the database to tell. */
  dropped: number;
}

/** What changed between two frames, an entity at most once. [S4] */
export class Collapsed {
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

/** The later state, still under the name of a beginning that the viewer has not heard of. */
function newer(before: LiveEvent, after: LiveEvent): LiveEvent {
  if (before.type === 'client_joined' && after.type === 'client_update') return { ...after, type: 'client_joined' };
  if (before.type === 'round_started' && after.type === 'round_update') return { ...after, type: 'round_started' };
  return after;
}
