import type { RunId } from '@rondo/protocol';
import { reportedEveryMs } from './settle.ts';
import type { RunRow } from './state.ts';

// About 100 bytes each.
const maxRuns = 10_000;

/** When this server last noted that the reporters of a run are alive: an empty batch costs no look at the run. */
export class RecentRuns {
  readonly #notedMs = new Map<RunId, number>();

  /** Those of the runs that must be noted again. */
  due(runIds: Iterable<RunId>, receivedAt: string): RunId[] {
    const now = Date.parse(receivedAt);
    return [...new Set(runIds)].filter((id) => now - (this.#notedMs.get(id) ?? 0) >= reportedEveryMs);
  }

  /** Notes runs that were written or loaded. An ended run needs no further look until it is reported again. */
  note(runs: readonly Pick<RunRow, 'run_id' | 'status' | 'last_reported_at'>[], receivedAt: string): void {
    for (const { run_id, status, last_reported_at } of runs) {
      const noted = Date.parse(last_reported_at ?? receivedAt);
      this.#notedMs.set(run_id, status === 'running' ? noted : Number.POSITIVE_INFINITY);
    }
    for (const id of this.#notedMs.keys()) {
      if (this.#notedMs.size <= maxRuns) return;
      this.#notedMs.delete(id);
    }
  }
}
