import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { eachLine, type Header, parse, type SpoolRecord, spoolVersion } from './records.ts';

/** One file: its position in the order, and its content. */
export interface Segment {
  readonly index: number;
  size: number;
  /** The greatest event number in it, or -1. */
  lastEvent: number;
  telemetry: number;
  facts: number;
}

export interface BatchLine {
  readonly batch: number;
  readonly from: number;
  readonly to: number;
}

/** The state of a spool. [R21] */
export class SpoolState {
  header: Header | null = null;
  nextEvent = 0;
  nextBatch = 0;
  settled = 0;
  dropped: readonly [number, number] = [0, 0];
  damaged = 0;
  readonly segments: Segment[] = [];
  readonly #events: number[] = [];
  #lastBatch: BatchLine | null = null;
  #isAnswered = false;

  /** The batch to send again: sent perhaps, answered not. [R22] */
  get openBatch(): BatchLine | null {
    const batch = this.#lastBatch;
    return batch === null || this.#isAnswered || batch.from === batch.to ? null : batch;
  }

  /** Numbers of the events that are still to be delivered. */
  get unsettled(): number[] {
    return this.#events.filter((n) => n >= this.settled);
  }

  apply(record: SpoolRecord): void {
    switch (record.kind) {
      case 'H':
        this.header ??= record.header;
        this.nextEvent = Math.max(this.nextEvent, record.header.next_event);
        this.nextBatch = Math.max(this.nextBatch, record.header.next_batch);
        this.settled = Math.max(this.settled, record.header.settled);
        this.dropped = record.header.dropped;
        break;
      case 'E':
        this.#events.push(record.event.n);
        this.nextEvent = Math.max(this.nextEvent, record.event.n + 1);
        break;
      case 'B':
        this.nextBatch = Math.max(this.nextBatch, record.batch + 1);
        this.settled = Math.max(this.settled, record.from);
        this.#lastBatch = record;
        this.#isAnswered = false;
        break;
      case 'A':
        if (this.#lastBatch?.batch !== record.batch) break;
        this.#isAnswered = true;
        this.settled = Math.max(this.settled, this.#lastBatch.to);
        break;
      case 'S':
        this.settled = Math.max(this.settled, record.n);
        break;
      case 'D':
        this.dropped = [record.telemetry, record.facts];
        break;
      default:
        record satisfies never;
    }
  }
}

export const segmentPath = (folder: string, index: number): string =>
  join(folder, `${String(index).padStart(8, '0')}.log`);

/** The existing segments, oldest first. */
export function segmentIndexes(folder: string): number[] {
  const names = readdirSync(folder).filter((name) => /^\d{8}\.log$/.test(name));
  return names.map((name) => Number(name.slice(0, 8))).sort((a, b) => a - b);
}

export const makeSegment = (index: number, size = 0): Segment => ({
  index,
  size,
  lastEvent: -1,
  telemetry: 0,
  facts: 0,
});

/** Reads every segment; `null` if a later version wrote the folder. Lets the program on between two segments. */
export async function readState(folder: string): Promise<SpoolState | null> {
  const state = new SpoolState();
  for (const index of segmentIndexes(folder)) {
    if (state.segments.length > 0) await setImmediate();
    if (!readSegment(state, index, readFileSync(segmentPath(folder, index)))) return null;
  }
  return state;
}

function readSegment(state: SpoolState, index: number, content: Buffer): boolean {
  const segment = makeSegment(index, content.length);
  let isOurs = true;
  state.segments.push(segment);
  eachLine(content, (text) => {
    const record = parse(text);
    if (record === null) {
      state.damaged++;
      return true;
    }
    if (record.kind === 'H' && record.header.version > spoolVersion) isOurs = false;
    state.apply(record);
    if (record.kind === 'E') noteEvent(segment, record.event);
    return isOurs;
  });
  return isOurs;
}

export function noteEvent(segment: Segment, event: { readonly n: number; readonly class: string }): void {
  segment.lastEvent = Math.max(segment.lastEvent, event.n);
  if (event.class === 't') segment.telemetry++;
  if (event.class === 'f') segment.facts++;
}
