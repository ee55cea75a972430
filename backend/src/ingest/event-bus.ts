import type { LiveEvent, RunId } from '@rondo/protocol';

/** What one commit changed in one run. */
export interface Committed {
  readonly run_id: RunId;
  readonly epoch: string;
  /** The run's seq before and after the commit. */
  readonly from_seq: number;
  readonly seq: number;
  /** Made only when somebody asks. */
  readonly events: () => LiveEvent[];
  /** The run did not exist before. */
  readonly is_new_run: boolean;
}

export interface Listener {
  readonly committed: (committed: Committed) => void;
  readonly runDeleted: (runId: RunId) => void;
}

/** The doorbell between ingest and the sockets: rung after a commit, never before. [S1] */
export class EventBus {
  readonly #listeners = new Set<Listener>();

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(committed: Committed): void {
    for (const listener of this.#listeners) listener.committed(committed);
  }

  publishDeletion(runId: RunId): void {
    for (const listener of this.#listeners) listener.runDeleted(runId);
  }
}
