import type { AlertNotice, LiveEvent, ProjectId, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';

/** The changes of one commit in one run. */
export interface Committed {
  readonly run_id: RunId;
  readonly project_id: ProjectId;
  readonly epoch: string;
  /** The run's seq before and after the commit. */
  readonly from_seq: number;
  readonly seq: number;
  /** Built on first use. */
  readonly events: () => LiveEvent[];
  /** This commit created the run. */
  readonly is_new_run: boolean;
}

/** Another server's commit. The changes themselves are read from the database. */
export type RemoteCommit = Pick<Committed, 'run_id' | 'epoch' | 'seq' | 'is_new_run'>;

/** A run belongs to another project by now. */
export interface MovedRun {
  readonly run_id: RunId;
  readonly project_id: ProjectId;
}

/** A message between servers that share a database. */
export interface ServerMessage {
  readonly runs?: readonly RemoteCommit[];
  readonly deleted_runs?: readonly RunId[];
  /** Sign-ins that ended. */
  readonly ended_sessions?: readonly string[];
  readonly moved_runs?: readonly MovedRun[];
  /** Users who are members of other projects than before. */
  readonly changed_members?: readonly string[];
  /** Alerts for the open pages of a project. */
  readonly alerts?: readonly AlertNotice[];
  /** Projects whose alert rules changed. */
  readonly changed_alert_rules?: readonly ProjectId[];
}

export interface BusSubscriber {
  readonly committed: (committed: Committed) => void;
  readonly runDeleted: (runId: RunId) => void;
  readonly committedElsewhere: (commit: RemoteCommit) => void;
  /** A sign-in ended on another server. */
  readonly sessionEnded: (sessionId: string) => void;
  readonly runMoved: (moved: MovedRun) => void;
  /** The projects of a user changed on another server. */
  readonly membersChanged: (userId: string) => void;
  /** An alert is to be shown on the open pages of its project. */
  readonly alerted: (notice: AlertNotice) => void;
  /** The alert rules of a project changed on another server. */
  readonly alertRulesChanged: (project: ProjectId) => void;
  /** Messages may have been lost, so anything may have been committed. */
  readonly missed: () => void;
}

type Announce = (tx: Db, message: ServerMessage) => Promise<void>;

/** Connects ingest to the sockets. Events are published after the commit, never before. [S1] */
export class EventBus {
  readonly #subscribers = new Set<BusSubscriber>();
  #announce: Announce = async () => {};

  /** Sets how messages reach the other servers. Without it there are no others. */
  connect(announce: Announce): void {
    this.#announce = announce;
  }

  subscribe(subscriber: BusSubscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Sends the message to the other servers when this transaction commits, and only then. [D1] */
  announce(tx: Db, message: ServerMessage): Promise<void> {
    return this.#announce(tx, message);
  }

  publish(committed: Committed): void {
    for (const subscriber of this.#subscribers) subscriber.committed(committed);
  }

  publishDeletion(runId: RunId): void {
    for (const subscriber of this.#subscribers) subscriber.runDeleted(runId);
  }

  /** After the commit that moved it. */
  async publishMove(db: Db, moved: MovedRun): Promise<void> {
    for (const subscriber of this.#subscribers) subscriber.runMoved(moved);
    await this.announce(db, { moved_runs: [moved] });
  }

  /** On the open pages of every server. [E9] */
  async publishAlert(db: Db, notice: AlertNotice): Promise<void> {
    for (const subscriber of this.#subscribers) subscriber.alerted(notice);
    await this.announce(db, { alerts: [notice] });
  }

  /** Publishes a message of another server. */
  publishRemote(message: ServerMessage): void {
    const {
      runs = [],
      deleted_runs = [],
      ended_sessions = [],
      moved_runs = [],
      changed_members = [],
      alerts = [],
      changed_alert_rules = [],
    } = message;
    for (const subscriber of this.#subscribers) {
      for (const runId of deleted_runs) subscriber.runDeleted(runId);
      for (const commit of runs) subscriber.committedElsewhere(commit);
      for (const id of ended_sessions) subscriber.sessionEnded(id);
      for (const moved of moved_runs) subscriber.runMoved(moved);
      for (const id of changed_members) subscriber.membersChanged(id);
      for (const notice of alerts) subscriber.alerted(notice);
      for (const project of changed_alert_rules) subscriber.alertRulesChanged(project);
    }
  }

  publishMissed(): void {
    for (const subscriber of this.#subscribers) subscriber.missed();
  }
}
