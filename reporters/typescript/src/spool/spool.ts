import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { Batch } from '../batch.ts';
import type { QueuedEvent } from '../event.ts';
import { dropDownTo } from './bound.ts';
import { type FolderLock, removeFolder } from './lock.ts';
import { eachLine, eventLine, type Header, headerLine, line, parse, type Stored } from './records.ts';
import { type BatchLine, makeSegment, noteEvent, type Segment, SpoolState, segmentPath } from './state.ts';

const segmentBytes = 1024 * 1024;
export const defaultMaxBytes = 256 * 1024 * 1024;

export interface SpoolBatch extends Batch {
  readonly events: readonly Stored[];
  /** The events from `from` to before `to` are its own, those that were dropped excepted. */
  readonly from: number;
  readonly to: number;
}

export interface SpoolOptions {
  readonly folder: string;
  readonly lock: FolderLock;
  readonly header: Header;
  /** The moment, for the segments to come. */
  readonly at: () => string;
  readonly state?: SpoolState;
  readonly maxBytes?: number;
  readonly segmentBytes?: number;
}

/** Where the next batch is read from: a segment's index and a place in it. */
interface Cursor {
  readonly index: number;
  readonly offset: number;
}

/**
 * One reporter's folder: events go in at the end, batches come out at the front. Those methods that write may throw. [R20-R24]
 *
 *     append ─▶ │ settled … │ open batch │ waiting …… │ ─▶ newest segment
 *               deleted       sent until    read when the
 *               by segment    answered      last is answered
 *
 * Files are read and written synchronously, from a timer: it is what makes every step whole, and a page cache takes or gives
 * a megabyte in well under a millisecond.
 */
export class Spool {
  readonly folder: string;
  readonly lock: FolderLock;
  readonly header: Header;
  readonly #at: () => string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  readonly #segments: Segment[];
  #nextEvent: number;
  #nextBatch: number;
  #settled: number;
  #dropped: readonly [number, number];
  #waiting: number;
  #toReopen: BatchLine | null;
  #open: SpoolBatch | null = null;
  #cursor: Cursor = { index: 0, offset: 0 };
  #openCursor: Cursor = { index: 0, offset: 0 };
  #tail: number | null = null;
  #isClosed = false;
  #isOverBound = false;

  constructor({ folder, lock, header, at, state = new SpoolState(), ...options }: SpoolOptions) {
    this.folder = folder;
    this.lock = lock;
    this.header = header;
    this.#at = at;
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
    this.#segmentBytes = options.segmentBytes ?? Math.min(segmentBytes, this.#maxBytes >> 3);
    this.#segments = state.segments;
    this.#nextEvent = state.nextEvent;
    this.#nextBatch = state.nextBatch;
    this.#settled = state.settled;
    this.#dropped = state.dropped;
    this.#waiting = state.unsettled.length;
    this.#toReopen = state.openBatch;
    this.#beginSegment();
  }

  get reporter_id(): string {
    return this.header.reporter_id;
  }

  get run_id(): string {
    return this.header.run_id;
  }

  /** Events that are not settled, those of the open batch included. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Dropped telemetry and facts that were not reported yet. */
  get dropped(): readonly [number, number] {
    return this.#dropped;
  }

  get isOverHalf(): boolean {
    return this.#size * 2 > this.#maxBytes;
  }

  get #size(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0);
  }

  /** Writes all of them, or none and throws. */
  append(events: readonly QueuedEvent[]): void {
    this.#write(events.map((event, i) => eventLine(this.#nextEvent + i, event.class, event.json)).join(''));
    this.#note(events);
  }

  /** Appends the event that reports the drops so far, and resets their count. */
  tellDrops(notice: QueuedEvent): void {
    this.#write(eventLine(this.#nextEvent, notice.class, notice.json) + line('D 0 0'));
    this.#note([notice]);
    this.#dropped = [0, 0];
  }

  /** The open batch as it was, else a new one, which may be empty; it is written before it is given out. [R22] */
  nextBatch(maxEvents: number, maxBytes: number): SpoolBatch {
    if (this.#open === null && this.#toReopen !== null) {
      const { batch, from, to } = this.#toReopen;
      this.#openCursor = this.#cursor;
      this.#open = { number: batch, events: this.#read(from, to, Infinity, Infinity), from, to };
      this.#toReopen = null;
    }
    return this.#open ?? this.#makeBatch(maxEvents, maxBytes);
  }

  #makeBatch(maxEvents: number, maxBytes: number): SpoolBatch {
    this.#openCursor = this.#cursor;
    const events = this.peek(maxEvents, maxBytes);
    const isAtEnd = events.length === 0 && maxEvents > 0;
    const to = isAtEnd ? this.#nextEvent : (events.at(-1)?.n ?? this.#settled - 1) + 1;
    try {
      const batch = { number: this.#nextBatch, events, from: isAtEnd ? to : this.#settled, to };
      this.#writeBatch(batch);
      if (isAtEnd) this.#settle(to, 0);
      this.#nextBatch++;
      return batch;
    } catch (error) {
      this.#cursor = this.#openCursor;
      throw error;
    }
  }

  /** The oldest unsettled events that fit: at least one if there is any. */
  peek(maxEvents: number, maxBytes: number): Stored[] {
    return this.#read(this.#settled, null, maxEvents, maxBytes);
  }

  /** The server has the open batch for good. */
  answered(): void {
    const batch = this.#open;
    if (batch === null) return;
    this.#open = null;
    this.#settle(batch.to, batch.events.length);
    // Not written, the batch would be sent once more after a crash, and be a duplicate by its number.
    this.#tryToWrite(`A ${batch.number}`);
    this.#deleteSettled();
  }

  /** The first half keeps the number; the rest waits again. [R10] */
  halve(): SpoolBatch {
    const { number, events, from } = this.#requireOpen();
    const first = events.slice(0, events.length >> 1);
    const half = { number, events: first, from, to: (first.at(-1)?.n ?? from - 1) + 1 };
    this.#writeBatch(half);
    this.#cursor = this.#openCursor;
    return half;
  }

  /** The events of the open batch will not be sent; its number is, empty. [R11] */
  giveUp(): SpoolBatch {
    const { number, events, to } = this.#requireOpen();
    const empty = { number, events: [], from: to, to };
    this.#writeBatch(empty);
    this.#settle(to, events.length);
    return empty;
  }

  /** Sent by other means, because no batch could be written. [R27] */
  settleWithoutAnswer(events: readonly Stored[]): void {
    const last = events.at(-1);
    if (!last) return;
    this.#open = null;
    this.#settle(last.n + 1, events.length);
    this.#tryToWrite(`S ${this.#settled}`);
    this.#deleteSettled();
  }

  /** Leaves the remaining events to the next reporter, or removes the folder. */
  close(): void {
    if (this.#isClosed) return;
    this.abandon();
    const isEmpty = this.#waiting === 0 && this.#dropped.every((count) => count === 0);
    if (isEmpty) removeFolder(this.folder, this.lock);
    else this.lock.release();
  }

  /** Another process has the folder now. */
  abandon(): void {
    this.#isClosed = true;
    this.#closeTail();
  }

  /**
   * Drops the oldest telemetry, then the oldest facts, until the spool is an eighth below its bound [R24]; a few segments
   * at a time, as each takes milliseconds. Never throws.
   */
  keepWithinBound(maxSegments = 2): void {
    const size = this.#size;
    if (size <= this.#maxBytes && !(this.#isOverBound && size > (this.#maxBytes * 7) / 8)) {
      this.#isOverBound = false;
      return;
    }
    try {
      if (!this.#isOverBound && (this.#segments.at(-1)?.lastEvent ?? -1) >= 0) this.#beginSegment();
      this.#isOverBound = true;
      dropDownTo((this.#maxBytes * 7) / 8, maxSegments, {
        folder: this.folder,
        segments: this.#segments,
        settled: this.#settled,
        held: this.#open ?? this.#toReopen,
        onDropped: (kind, count) => this.#noteDropped(kind, count),
        onRewritten: (index, dropped) => this.#noteRewritten(index, dropped),
      });
    } catch {
      // A failing disk has lost no appended event; the next append tries again.
    }
  }

  #requireOpen(): SpoolBatch {
    if (this.#open === null) throw new Error('no batch is open');
    return this.#open;
  }

  #writeBatch(batch: SpoolBatch): void {
    this.#write(line(`B ${batch.number} ${batch.from} ${batch.to}`));
    this.#open = batch;
  }

  /** Returns events from `start` on, from the cursor's position; moves the cursor past them. */
  #read(start: number, to: number | null, maxEvents: number, maxBytes: number): Stored[] {
    const found: Stored[] = [];
    let bytes = 0;
    const { index, offset } = this.#cursor;
    for (const segment of this.#segments) {
      if (segment.index < index || segment.lastEvent < start) continue;
      const begin = segment.index === index ? offset : 0;
      let isFull = false;
      const end = eachLine(readFrom(segmentPath(this.folder, segment.index), begin), (text) => {
        const record = parse(text);
        if (record?.kind !== 'E' || record.event.n < start) return true;
        bytes += record.event.bytes + 1;
        isFull = found.length >= maxEvents || (found.length > 0 && bytes > maxBytes);
        isFull ||= to !== null && record.event.n >= to;
        if (!isFull) found.push(record.event);
        return !isFull;
      });
      this.#cursor = { index: segment.index, offset: begin + end };
      if (isFull) break;
    }
    return found;
  }

  #settle(to: number, count: number): void {
    this.#settled = Math.max(this.#settled, to);
    this.#waiting -= count;
    if (this.#settled < this.#nextEvent) return;
    // Events that cannot be read back from the disk are dropped, and an adopter reports them as well. [R21]
    const unreadable = this.#waiting;
    this.#waiting = 0;
    if (unreadable > 0) this.#noteDropped('f', unreadable);
  }

  #note(events: readonly QueuedEvent[]): void {
    const segment = this.#segments.at(-1);
    for (const event of events) {
      if (segment) noteEvent(segment, { n: this.#nextEvent, class: event.class });
      this.#nextEvent++;
    }
    this.#waiting += events.length;
  }

  #noteDropped(kind: 't' | 'f', count: number): void {
    const [telemetry, facts] = this.#dropped;
    this.#dropped = kind === 't' ? [telemetry + count, facts] : [telemetry, facts + count];
    this.#tryToWrite(`D ${this.#dropped.join(' ')}`);
  }

  #noteRewritten(index: number, dropped: number): void {
    this.#waiting -= dropped;
    if (this.#cursor.index === index) this.#cursor = { index, offset: 0 };
    if (this.#openCursor.index === index) this.#openCursor = { index, offset: 0 };
  }

  #tryToWrite(body: string): void {
    try {
      this.#write(line(body));
    } catch {
      // The next append that fails reports it; a missing entry costs a repetition at most.
    }
  }

  /** Appends whole lines, or nothing. */
  #write(lines: string): void {
    if (this.#isClosed) throw new Error('the spool is closed');
    if (this.#tail === null || (this.#segments.at(-1)?.size ?? 0) >= this.#segmentBytes) this.#beginSegment();
    const segment = this.#segments.at(-1);
    if (this.#tail === null || !segment) throw new Error('there is no segment');
    const data = Buffer.from(lines);
    try {
      writeAll(this.#tail, data);
    } catch (error) {
      this.#cutTo(segment.size);
      throw error;
    }
    segment.size += data.length;
  }

  #cutTo(size: number): void {
    try {
      if (this.#tail !== null) ftruncateSync(this.#tail, size);
    } catch {
      this.#closeTail(); // The next line must not continue a torn one.
    }
  }

  #beginSegment(): void {
    const index = (this.#segments.at(-1)?.index ?? 0) + 1;
    const path = segmentPath(this.folder, index);
    const content = Buffer.from(
      headerLine({
        ...this.header,
        at: this.#at(),
        next_event: this.#nextEvent,
        next_batch: this.#nextBatch,
        settled: this.#settled,
        dropped: this.#dropped,
      }),
    );
    const tail = openSync(path, 'ax', 0o600);
    try {
      writeAll(tail, content);
    } catch (error) {
      closeSync(tail);
      rmSync(path, { force: true });
      throw error;
    }
    this.#closeTail();
    this.#tail = tail;
    this.#segments.push(makeSegment(index, content.length));
  }

  #closeTail(): void {
    if (this.#tail !== null) closeSync(this.#tail);
    this.#tail = null;
  }

  #deleteSettled(): void {
    while (!this.#isClosed && this.#segments.length > 1 && (this.#segments[0]?.lastEvent ?? 0) < this.#settled) {
      const segment = this.#segments.shift();
      try {
        if (segment) rmSync(segmentPath(this.folder, segment.index), { force: true });
      } catch {
        // It holds nothing that matters, and goes with the folder.
      }
    }
  }
}

function writeAll(file: number, data: Buffer): void {
  for (let written = 0; written < data.length; ) written += writeSync(file, data, written);
}

function readFrom(path: string, offset: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const content = Buffer.allocUnsafe(Math.max(0, fstatSync(file).size - offset));
    return content.subarray(0, readSync(file, content, 0, content.length, offset));
  } finally {
    closeSync(file);
  }
}
