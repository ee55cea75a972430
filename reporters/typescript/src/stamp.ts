import type { ReportedFact } from './event.ts';

/**
 * Gives facts their time: never decreasing, and strictly rising between two facts about the same client, round or run, so
 * that their order is never in doubt even within a millisecond. [R2]
 *
 * Measurements and log lines share a millisecond: a thousand of them in a burst must not push the clock a second ahead.
 */
export class Stamper {
  readonly #now: () => number;
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #subjectsAtLast = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  stamp(fact: ReportedFact): string {
    if (fact.at !== undefined) return fact.at instanceof Date ? fact.at.toISOString() : fact.at;
    return new Date(this.stampMs(fact)).toISOString();
  }

  /** The moment of a fact without one of its own, in milliseconds. */
  stampMs(fact: ReportedFact): number {
    const subject = subjectOf(fact);
    const nowMs = this.#now();
    if (nowMs > this.#lastMs) this.#moveTo(nowMs);
    else if (subject !== null && this.#subjectsAtLast.has(subject)) this.#moveTo(this.#lastMs + 1);
    if (subject !== null) this.#subjectsAtLast.add(subject);
    return this.#lastMs;
  }

  #moveTo(ms: number): void {
    this.#lastMs = ms;
    this.#subjectsAtLast.clear();
  }
}

function subjectOf(fact: ReportedFact): string | null {
  switch (fact.type) {
    case 'metric':
    case 'log':
    case 'privacy_spent':
      return null;
    case 'client_presence':
      return 'presence';
    case 'run_started':
    case 'run_complete':
      return 'run';
    case 'command_ack':
      return `command ${fact.command_id}`;
    case 'round_started':
    case 'round_update':
    case 'round_complete':
    case 'round_failed':
    case 'round_stopped':
      return `round ${fact.round}`;
    default:
      return `client ${fact.client_id}`;
  }
}
