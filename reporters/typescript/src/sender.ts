import { limits } from '@rondo/protocol';
import { backoffMs } from './backoff.ts';
import { type BatchEvent, encodeBatch } from './batch.ts';
import type { Clock } from './clock.ts';
import type { Post } from './http.ts';
import type { Work } from './lane.ts';
import type { Outbox } from './outbox.ts';
import { type Answer, judge, type Verdict } from './verdict.ts';

interface SenderOptions {
  readonly outbox: Outbox;
  readonly post: Post;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly flushIntervalMs: number;
  readonly requestTimeoutMs: number;
  /** True to poll for commands when no events wait. */
  readonly isPolling: () => boolean;
  readonly onAnswer: (work: Work, answer: Answer) => void;
  /** These events will not be sent. */
  readonly onLost: (work: Work, why: string) => void;
  /** Something is in the way, or (`null`) no longer. */
  readonly onTrouble: (trouble: Exclude<Verdict, { state: 'answered' }> | null) => void;
}

// Half of the server's limit, so that a batch and its envelope never reach it.
export const maxBatchEvents = limits.batchEvents / 2;
export const maxBatchBytes = limits.batchBytes / 2;
// A stop reaches the FL server within about a second. [R5]
const pollMs = 1_000;
// Long enough not to spin on a wrong key, short enough that a mended one is noticed. [R9]
const misconfiguredMs = 60_000;
// Someone waits for `close`: a server that is just restarting still gets its chance.
const closingBackoffMs = 250;
// A disk that gives nothing back is asked again, not at once.
const nothingMs = 1_000;

/**
 * Brings batches to the server, one at a time, each until it is answered. [R4]
 *
 *             something waits: flushIntervalMs · polling: 1 s
 *        idle ───────────────────────────────────────────────▶ sending ──answered──▶ idle
 *                                                            │        ▲
 *                       lost, 429, 5xx, wrong key, bad answer ▼        │ backoff, Retry-After, or 60 s
 *                                                             waiting
 *   any of them ──close: everything delivered, hopeless, or the deadline──▶ closed
 */
export class Sender {
  readonly #options: SenderOptions;
  #state: 'idle' | 'sending' | 'waiting' | 'closed' = 'idle';
  #work: Work | null = null;
  #attempt = 0;
  #timer: { dueMs: number; cancel: () => void } | null = null;
  #inFlight: AbortController | null = null;
  #onClosed: (() => void) | null = null;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** There may be something to send, which has waited for so long. */
  wake(waitedMs = 0): void {
    if (this.#state !== 'idle') return;
    const { outbox, flushIntervalMs } = this.#options;
    if (outbox.hasFullBatch) this.#arm(0);
    else if (outbox.hasWork(false)) this.#arm(Math.max(0, flushIntervalMs - waitedMs));
    else if (this.#options.isPolling()) this.#arm(pollMs);
  }

  /** Sends events of ended processes if nothing else is running. [R26] */
  lookAround(): void {
    if (this.#state === 'idle' && this.#options.outbox.isAdoptionDue) this.#arm(0);
  }

  /** Delivers the remaining events for at most `timeoutMs`, then stops. Never rejects. [R14] */
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

  /** The next reporter delivers the events of other runs. */
  #isDrained(): boolean {
    return this.#work === null && !this.#options.outbox.hasWork(true);
  }

  /** The earlier of the planned time and this one. */
  #arm(delayMs: number): void {
    const dueMs = this.#options.clock.now() + delayMs;
    if (this.#timer && this.#timer.dueMs <= dueMs) return;
    this.#timer?.cancel();
    this.#timer = { dueMs, cancel: this.#options.clock.schedule(() => this.#turnSafely(), delayMs) };
  }

  #turnSafely(): void {
    // A defect of ours must not end the training as an unhandled rejection. [R1]
    this.#turn().catch(() => this.#wait(misconfiguredMs));
  }

  async #turn(): Promise<void> {
    this.#timer = null;
    this.#state = 'sending';
    const { outbox, isPolling } = this.#options;
    await outbox.adopt();
    if (this.#isClosed()) return;
    const isLast = this.#onClosed !== null;
    this.#work ??= outbox.next({ isPoll: !isLast && isPolling(), isLast });
    if (this.#work === null) {
      this.#rest(isLast);
      return;
    }
    const verdict = await this.#send(this.#work);
    if (this.#isClosed()) return;
    this.#state = 'idle';
    this.#settle(this.#work, verdict);
    if (this.#onClosed && this.#isDrained()) this.#finish();
  }

  #rest(isLast: boolean): void {
    this.#state = 'idle';
    if (isLast) this.#finish();
    else if (this.#options.outbox.hasWork(false)) this.#wait(nothingMs);
    else this.wake();
  }

  // A method, because closing happens while `#turn` awaits and the compiler would not believe it.
  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  async #send({ lane, batch }: Work): Promise<Verdict> {
    const { clock, post, headers, requestTimeoutMs } = this.#options;
    const controller = new AbortController();
    this.#inFlight = controller;
    const tooLate = new Error(`no answer within ${requestTimeoutMs} ms`);
    const cancelTimeout = clock.schedule(() => controller.abort(tooLate), requestTimeoutMs);
    try {
      const encoded = await encodeBatch(lane.reporter_id, batch, clock.now());
      const { body } = encoded;
      const answer = await post({ body, headers: { ...headers, ...encoded.headers }, signal: controller.signal });
      return judge(answer, clock.now());
    } catch (error) {
      const reason = controller.signal.aborted ? controller.signal.reason : error;
      return { state: 'unanswered', why: messageOf(reason), waitMs: 0 };
    } finally {
      cancelTimeout();
      this.#inFlight = null;
    }
  }

  #settle(work: Work, verdict: Verdict): void {
    const { outbox, onAnswer, onTrouble, random } = this.#options;
    if (verdict.state === 'answered') {
      this.#work = null;
      this.#attempt = 0;
      outbox.answered(work);
      onTrouble(null);
      onAnswer(work, verdict.answer);
      if (this.#onClosed || outbox.hasRest || isBacklog(work)) this.#arm(0);
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
        if (work.batch.events.length > 1) this.#goOnWith(outbox.halve(work));
        else this.#giveUp(work, 'too large for the server');
        break;
      case 'refused':
        this.#giveUp(work, verdict.why);
        break;
      default:
        verdict satisfies never;
    }
  }

  #giveUp(work: Work, why: string): void {
    if (work.batch.events.length === 0) {
      this.#wait(misconfiguredMs);
      return;
    }
    this.#options.onLost(work, why);
    this.#goOnWith(this.#options.outbox.giveUp(work));
  }

  #goOnWith(work: Work | null): void {
    this.#work = work;
    this.#arm(0);
  }

  #wait(ms: number, atLeastMs = 0): void {
    if (this.#state === 'closed') return;
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

/** More of it follows without a pause. [R5] */
export function isBacklog({ batch: { events }, isOwn }: Pick<Work, 'batch' | 'isOwn'>): boolean {
  if (!isOwn || events.length >= maxBatchEvents) return true;
  return bytesOf(events) >= maxBatchBytes / 2;
}

const bytesOf = (events: readonly BatchEvent[]): number => events.reduce((sum, { bytes }) => sum + bytes, 0);

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Happy Eyeballs tries several addresses and puts its reasons in a list with an empty message.
  const inner = error instanceof AggregateError ? error.errors[0] : undefined;
  return error.message || messageOf(inner ?? error.name);
}
