import type { LiveEvent, RunId } from '@rondo/protocol';
import type { Db } from '../db/database.ts';

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

/** What another server says of its commit; the rest is in the database. */
export type Ring = Pick<Committed, 'run_id' | 'epoch' | 'seq' | 'is_new_run'>;

/** What servers on one database tell each other. */
export interface News {
  readonly runs?: readonly Ring[];
  readonly deleted_runs?: readonly RunId[];
  /** Sign-ins that are over. */
  readonly ended_sessions?: readonly string[];
}

export interface Listener {
  readonly committed: (committed: Committed) => void;
  readonly runDeleted: (runId: RunId) => void;
  /** Another server's commit. */
  readonly rung: (ring: Ring) => void;
  /** On another server. */
  readonly sessionEnded: (sessionId: string) => void;
  /** Something may have been committed that nobody told. */
  readonly missed: () => void;
}

type Announce = (tx: Db, news: News) => Promise<void>;

/** The doorbell between ingest and the sockets: rung after a commit, never before. [S1] */
export class EventBus {
  readonly #listeners = new Set<Listener>();
  #announce: Announce = async () => {};

  /** Gives it a way to the other servers; without one there are none. */
  connect(announce: Announce): void {
    this.#announce = announce;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the other servers once this transaction commits, and not if it does not. [D1] */
  announce(tx: Db, news: News): Promise<void> {
    return this.#announce(tx, news);
  }

  publish(committed: Committed): void {
    for (const listener of this.#listeners) listener.committed(committed);
  }

  publishDeletion(runId: RunId): void {
    for (const listener of this.#listeners) listener.runDeleted(runId);
  }

  /** From another server. */
  hear({ runs = [], deleted_runs = [], ended_sessions = [] }: News): void {
    for (const listener of this.#listeners) {
      for (const runId of deleted_runs) listener.runDeleted(runId);
      for (const ring of runs) listener.rung(ring);
      for (const id of ended_sessions) listener.sessionEnded(id);
    }
  }

  miss(): void {
    for (const listener of this.#listeners) listener.missed();
  }
}
