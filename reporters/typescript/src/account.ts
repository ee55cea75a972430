import type { ReporterStats } from './api.ts';
import { type Omission, Omissions } from './omissions.ts';
import type { ProblemCode, Problems } from './problems.ts';
import type { Dropped } from './queue.ts';

const full = 'the queue is full: the oldest events are being dropped';

/** Counts every report: its outcome, and whether a drop was announced. No other object counts. [R17] */
export class Account {
  readonly #problems: Problems;
  readonly #counts = { reported: 0, acknowledged: 0, duplicates: 0, rejected: 0, dropped: 0, recovered: 0 };
  readonly #omissions = new Omissions();
  #unannounced: Dropped = { telemetry: 0, facts: 0 };
  #lastError: string | null = null;
  #isSummedUp = false;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** Reports a problem, each distinct one once. */
  fail(code: ProblemCode, message: string, key = message): void {
    this.#lastError = this.#problems.withoutSecret(message);
    this.#problems.report(code, message, key);
  }

  noteReported(): void {
    this.#counts.reported++;
  }

  noteDropped(code: 'invalid_event' | 'events_dropped', message: string, count = 1): void {
    this.#counts.dropped += count;
    this.fail(code, message);
  }

  /** Events pushed out of the queue, which no notice names yet. */
  notePushedOut({ telemetry, facts }: Dropped): void {
    if (telemetry + facts === 0) return;
    this.#unannounced = {
      telemetry: this.#unannounced.telemetry + telemetry,
      facts: this.#unannounced.facts + facts,
    };
    this.noteLostByOutbox(telemetry + facts);
  }

  /** Events dropped from the spool, which keeps the count of those that no notice names yet. */
  noteLostByOutbox(count: number): void {
    this.#counts.dropped += count;
    this.fail('events_dropped', full, 'full');
  }

  noteRefused(count: number, why: string, isOwn: boolean): void {
    if (isOwn) this.#counts.dropped += count;
    this.fail('events_dropped', `${count} events were refused by the server: ${why}`);
  }

  noteAnswer(
    count: number,
    answer: { readonly rejected: readonly unknown[]; readonly duplicates: number },
    isOwn: boolean,
  ): void {
    const rejected = Math.min(answer.rejected.length, count);
    if (!isOwn) {
      this.#counts.recovered += count - rejected;
      return;
    }
    this.#counts.rejected += rejected;
    this.#counts.acknowledged += count - rejected;
    this.#counts.duplicates += Math.min(answer.duplicates, count - rejected);
  }

  /** Counts a value that was left out; returns whether its name is new. [R30] */
  omit(name: string, reason: string): boolean {
    return this.#omissions.add(name, reason);
  }

  /** The names of omitted values, once, for the end of the run; `null` if there are none. */
  takeSummary(): string | null {
    const summary = this.#isSummedUp ? null : this.#omissions.summary();
    if (summary !== null) this.#isSummedUp = true;
    return summary;
  }

  get unannounced(): Dropped {
    return this.#unannounced;
  }

  /** A notice names the drops; it is an event like any other. */
  noteAnnounced(): void {
    this.#counts.reported++;
    this.#unannounced = { telemetry: 0, facts: 0 };
    this.#problems.forget('events_dropped', 'full');
  }

  stats(queued: number): ReporterStats {
    const leftOut: Readonly<Record<string, Omission>> = this.#omissions.counts();
    return { ...this.#counts, queued, lastError: this.#lastError, leftOut };
  }
}
