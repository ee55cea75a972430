import { limits } from '@rondo/protocol';
import { backoffMs } from './backoff.ts';
import { type Batch, type EncodedBatch, encodeBatch } from './batch.ts';
import type { Clock } from './clock.ts';
import type { QueuedEvent } from './event.ts';
import type { Post } from './http-post.ts';
import { type Answer, judge, type Verdict } from './verdict.ts';

/** Where batches come from: the queue, or whatever keeps events between the queue and the sender. */
interface EventSource {
  readonly size: number;
  readonly bytes: number;
  take(maxEvents: number, maxBytes: number): QueuedEvent[];
}

export interface SenderOptions {
  readonly reporter_id: string;
  readonly source: EventSource;
  readonly post: Post;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly flushIntervalMs: number;
  readonly requestTimeoutMs: number;
  /** Whether to ask for commands when there is nothing to say. */
  readonly isPolling: () => boolean;
  readonly onAnswer: (events: readonly QueuedEvent[], answer: Answer) => void;
  /** These events will not be sent. */
  readonly onLost: (events: readonly QueuedEvent[], why: string) => void;
  /** Something is in the way, or (`null`) no longer. */
  readonly onTrouble: (trouble: Exclude<Verdict, { state: 'answered' }> | null) => void;
}

// Half of what the server takes, so that a batch and its envelope never touch its limits.
const maxBatchEvents = limits.batchEvents / 2;
const maxBatchBytes = limits.batchBytes / 2;
// A stop reaches the FL server within about a second. [R5]
const pollMs = 1_000;
// Long enough not to spin on a wrong key, short enough that a mended one is noticed. [R9]
const misconfiguredMs = 60_000;
// Someone waits for `close`: a server that is just restarting still gets its chance.
const closingBackoffMs = 250;

/**
 * Brings batches to the server, one at a time, each until it is answered. [R4]
 *
 *             something queued: flushIntervalMs · polling: 1 s
 *        idle ───────────────────────────────────────────────▶ sending ──answered──▶ idle
 *                                                            │        ▲
 *                       lost, 429, 5xx, wrong key, bad answer ▼        │ backoff, Retry-After, or 60 s
 *                                                             waiting
 *   any of them ──close: everything delivered, hopeless, or the deadline──▶ closed
 */
export class Sender {
  readonly #options: SenderOptions;
  #state: 'idle' | 'sending' | 'waiting' | 'closed' = 'idle';
  #batch: Batch | null = null;
  #encoded: EncodedBatch | null = null;
  /** What was cut off a batch that was too large, oldest first. */
  #rest: (readonly QueuedEvent[])[] = [];
  #nextNumber = 0;
  #attempt = 0;
  #timer: { dueMs: number; cancel: () => void } | null = null;
  #inFlight: AbortController | null = null;
  #onClosed: (() => void) | null = null;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Events taken from the source and not yet answered. */
  get unanswered(): number {
    const batches = [this.#batch?.events ?? [], ...this.#rest];
    return batches.reduce((sum, events) => sum + events.length, 0);
  }

  /** There may be something to send. */
  wake(): void {
    if (this.#state !== 'idle') return;
    if (this.#hasFullBatch()) this.#arm(0);
    else if (this.#options.source.size > 0) this.#arm(this.#options.flushIntervalMs);
    else if (this.#options.isPolling()) this.#arm(pollMs);
  }

  /** Delivers what is left for at most `timeoutMs`; the rest is lost. Never rejects. [R14] */
  close(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state === 'closed') {
        resolve();
        return;
      }
      const cancelDeadline = this.#options.clock.schedule(() => this.#finish(), timeoutMs, true);
      this.#onClosed = () => {
        cancelDeadline();
        resolve();
      };
      if (this.#isDrained()) this.#finish();
      else if (this.#state !== 'sending') this.#arm(0);
    });
  }

  #hasFullBatch(): boolean {
    const { source } = this.#options;
    return source.size >= maxBatchEvents || source.bytes >= maxBatchBytes;
  }

  #isDrained(): boolean {
    return this.#options.source.size === 0 && this.unanswered === 0;
  }

  /** The earlier of what is planned and this. */
  #arm(delayMs: number): void {
    const dueMs = this.#options.clock.now() + delayMs;
    if (this.#timer && this.#timer.dueMs <= dueMs) return;
    this.#timer?.cancel();
    this.#timer = { dueMs, cancel: this.#options.clock.schedule(() => this.#turnSafely(), delayMs) };
  }

  #turnSafely(): void {
    // A defect of ours must not end somebody's training as an unhandled rejection. [R1]
    this.#turn().catch(() => this.#wait(misconfiguredMs));
  }

  async #turn(): Promise<void> {
    this.#timer = null;
    this.#state = 'idle';
    const { source, isPolling } = this.#options;
    if (this.#isDrained() && !this.#batch && !isPolling()) return;
    this.#state = 'sending';
    this.#batch ??= {
      number: this.#nextNumber++,
      events: this.#rest.shift() ?? source.take(maxBatchEvents, maxBatchBytes),
    };
    const verdict = await this.#send(this.#batch);
    if (this.#isClosed()) return;
    this.#state = 'idle';
    this.#settle(this.#batch, verdict);
    if (this.#onClosed && this.#isDrained()) this.#finish();
  }

  // A method, because closing happens while `#turn` awaits and the compiler would not believe it.
  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  async #send(batch: Batch): Promise<Verdict> {
    const { reporter_id, clock, post, headers, requestTimeoutMs } = this.#options;
    const controller = new AbortController();
    this.#inFlight = controller;
    const tooLate = new Error(`no answer within ${requestTimeoutMs} ms`);
    const cancelTimeout = clock.schedule(() => controller.abort(tooLate), requestTimeoutMs);
    try {
      this.#encoded ??= await encodeBatch(reporter_id, batch);
      const { body } = this.#encoded;
      const answer = await post({ body, headers: { ...headers, ...this.#encoded.headers }, signal: controller.signal });
      return judge(answer, clock.now());
    } catch (error) {
      const reason = controller.signal.aborted ? controller.signal.reason : error;
      return { state: 'unanswered', why: messageOf(reason), waitMs: 0 };
    } finally {
      cancelTimeout();
      this.#inFlight = null;
    }
  }

  #settle(batch: Batch, verdict: Verdict): void {
    const { onAnswer, onTrouble, random } = this.#options;
    if (verdict.state === 'answered') {
      this.#setBatch(null);
      this.#attempt = 0;
      onTrouble(null);
      onAnswer(batch.events, verdict.answer);
      if (this.#onClosed || this.#rest.length > 0) this.#arm(0);
      else this.wake();
      return;
    }
    onTrouble(verdict);
    switch (verdict.state) {
      case 'unanswered':
        this.#wait(backoffMs(this.#attempt++, random), verdict.waitMs);
        break;
      case 'misconfigured':
        this.#wait(misconfiguredMs);
        break;
      case 'too_large':
        if (batch.events.length > 1) this.#halve(batch);
        else this.#giveUp(batch, 'too large for the server');
        break;
      case 'refused':
        this.#giveUp(batch, verdict.why);
        break;
      default:
        verdict satisfies never;
    }
  }

  /**
   * The first half keeps the number, the rest follows under the next ones. Right whether or not an earlier, lost attempt
   * was taken: if it was, both halves are duplicates, by number and by their natural keys. [R10]
   */
  #halve({ number, events }: Batch): void {
    const middle = events.length >> 1;
    this.#rest.unshift(events.slice(middle));
    this.#setBatch({ number, events: events.slice(0, middle) });
    this.#arm(0);
  }

  /** The number is still sent, empty, until it is answered: an earlier, lost attempt may have used it up. [R11] */
  #giveUp({ number, events }: Batch, why: string): void {
    if (events.length > 0) this.#options.onLost(events, why);
    this.#setBatch({ number, events: [] });
    if (events.length > 0) this.#arm(0);
    else this.#wait(misconfiguredMs);
  }

  #setBatch(batch: Batch | null): void {
    this.#batch = batch;
    this.#encoded = null;
  }

  #wait(ms: number, atLeastMs = 0): void {
    this.#state = 'waiting';
    if (this.#onClosed && ms >= misconfiguredMs) this.#finish();
    else this.#arm(Math.max(atLeastMs, this.#onClosed ? Math.min(ms, closingBackoffMs) : ms));
  }

  #finish(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#timer?.cancel();
    this.#inFlight?.abort(new Error('the reporter is closed'));
    this.#onClosed?.();
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Happy Eyeballs tries several addresses and puts its reasons in a list with an empty message.
  const inner = error instanceof AggregateError ? error.errors[0] : undefined;
  return error.message || messageOf(inner ?? error.name);
}
