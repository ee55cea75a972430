import type { Account } from './account.ts';
import { shownAddress } from './address.ts';
import type { Problems } from './problems.ts';
import type { Verdict } from './verdict.ts';

/** What is in the way of the events, each reported once until it is over. */
export class Troubles {
  readonly #url: string;
  readonly #fail: Account['fail'];
  readonly #problems: Problems;

  constructor(url: string, fail: Account['fail'], problems: Problems) {
    this.#url = url;
    this.#fail = fail;
    this.#problems = problems;
  }

  ofDisk(error: unknown): void {
    if (error === null) {
      this.#problems.forget('spool_failed', 'disk');
      return;
    }
    const why = error instanceof Error ? error.message : String(error);
    this.#fail(
      'spool_failed',
      `events cannot be kept on disk (${why}); they wait in memory, and a kill would lose them`,
      'disk',
    );
  }

  ofServer(trouble: Exclude<Verdict, { state: 'answered' }> | null): void {
    const url = this.#url;
    const shown = shownAddress(url);
    if (trouble === null) {
      this.#problems.forget('unreachable', url);
      this.#problems.forget('misconfigured', url);
    } else if (trouble.state === 'unanswered') {
      this.#fail('unreachable', `${shown} cannot be reached: ${trouble.why}; events are kept and retried`, url);
    } else if (trouble.state === 'misconfigured') {
      this.#fail('misconfigured', `${shown}: ${trouble.why}; events are kept and retried every minute`, url);
    }
  }
}
