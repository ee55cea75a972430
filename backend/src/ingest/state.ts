import type {
  AttentionNews,
  ClientId,
  Fact,
  FactOf,
  ModelVersion,
  ProjectId,
  ReporterId,
  RunId,
  RunStatus,
} from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import type { ModelRow } from '../db/queries/model-changes.ts';
import type { clients, clientUpdates, commands, logs, metricPoints, rounds, runReporters, runs } from '../db/schema.ts';

export type RunRow = typeof runs.$inferSelect;
export type RoundRow = typeof rounds.$inferSelect;
export type ClientRow = typeof clients.$inferSelect;
export type UpdateRow = typeof clientUpdates.$inferSelect;
export type CommandRow = typeof commands.$inferSelect;
export type ReporterRow = typeof runReporters.$inferSelect;
export type PointRow = Omit<typeof metricPoints.$inferSelect, 'updated_seq'>;
export type LogRow = Omit<typeof logs.$inferSelect, 'updated_seq' | 'log_id'>;

/**
 * The known state of one run, all that `reduce` may look at. The caller has loaded every client of the run, every round
 * that the inputs name or may end with all its client updates, and the commands that they name or may end.
 */
export interface RunState {
  readonly run: RunRow;
  readonly rounds: ReadonlyMap<number, RoundRow>;
  readonly clients: ReadonlyMap<ClientId, ClientRow>;
  /** By round number, then client. */
  readonly updates: ReadonlyMap<number, ReadonlyMap<ClientId, UpdateRow>>;
  readonly commands: ReadonlyMap<string, CommandRow>;
  readonly reporters: ReadonlyMap<ReporterId, ReporterRow>;
  /** The names of its series; undefined while no input has points. */
  readonly metricNames?: ReadonlySet<string> | undefined;
}

/** A change that the server itself makes to a run, ordered with the facts. */
export type Notice = Recorded &
  (
    | { type: 'client_silent'; run_id: RunId; client_id: ClientId; silent_since: string }
    | StopRequested
    | { type: 'command_expired'; run_id: RunId; command_id: string; at: string }
    | { type: 'run_edited'; run_id: RunId; name?: string; tags?: string[]; notes?: string; project_id?: ProjectId }
    /** A batch of a reporter that speaks for the run has arrived with nothing to say. */
    | { type: 'reporter_heard'; run_id: RunId }
    /** By the server's clock, its condition may be another by now. [L7] */
    | { type: 'condition_due'; run_id: RunId }
    /** An admin ends a run whose FL server has disappeared. [L10] */
    | { type: 'run_ended'; run_id: RunId; at: string; status: Exclude<RunStatus, 'running'>; reason: string }
    | { type: 'attention_changed'; run_id: RunId; list: AttentionNews }
    | ModelNotice
  );

/** A change to a run's models. Only the database knows them, so the database decides whether it applies. */
export type ModelNotice = Recorded & { readonly run_id: RunId } & (
    | {
        type: 'model_saved';
        at: string;
        /** The project of the API key that stored it. [O2] */
        project_id: ProjectId;
        /** What it takes of the key's day. [B8] */
        cost?: { readonly key_id: string; readonly bytes: number } | undefined;
        model: Omit<ModelRow, 'run_id' | 'created_at' | 'updated_seq'>;
      }
    | { type: 'model_deleted'; version: ModelVersion; unlessAutomatic: boolean }
    | { type: 'alias_set'; at: string; alias: string; version: ModelVersion; set_by: string }
    | { type: 'alias_deleted'; alias: string }
    | { type: 'alias_rolled_back'; at: string; alias: string; set_by: string }
  );

/** Writes the audit row of an administrative act in its transaction, so that either both exist or neither. [P6] */
export type Record = (tx: Db) => Promise<void>;

interface Recorded {
  /** Called in the transaction if the notice changed something, and only then. */
  readonly record?: Record;
}

/** A null `round` asks to stop the whole run. */
type StopRequested = { type: 'stop_requested'; at: string; round: number | null } & Pick<
  CommandRow,
  'command_id' | 'run_id' | 'reason' | 'requested_by' | 'expires_at'
>;

/** An FL server's reply to a command, and the reporter that sent it. */
export type Answer = FactOf<'command_ack'> & { readonly reporter_id?: string | undefined };

export type Input = Exclude<Fact, { type: 'command_ack' }> | Answer | Notice;

/** The rows that facts changed, as they are after all of them. */
export interface Reduction {
  readonly run: RunRow | null;
  /** Kept with the run, and nothing that a viewer sees. */
  readonly quiet: Partial<RunRow>;
  /** The number of client results that a later one replaced; only the database can count points. */
  readonly replaced: number;
  readonly reporters: ReadonlyMap<ReporterId, ReporterRow>;
  readonly rounds: ReadonlyMap<number, RoundRow>;
  readonly clients: ReadonlyMap<ClientId, ClientRow>;
  readonly updates: ReadonlyMap<number, ReadonlyMap<ClientId, UpdateRow>>;
  /** Only the database knows whether it is new: it keeps the first of each key. */
  readonly points: readonly (PointRow & { index: number })[];
  /** Those that no series had before. */
  readonly metricNames: ReadonlySet<string>;
  readonly logs: readonly (LogRow & { index: number })[];
  readonly commands: ReadonlyMap<string, CommandRow>;
  readonly models: readonly (ModelNotice & { index: number })[];
  /** The whole list that replaces the one before. */
  readonly attention: AttentionNews | null;
  /** Positions of the inputs that said nothing new. */
  readonly duplicates: ReadonlySet<number>;
  /** Positions of the inputs that are over a bound, and which. [B4] */
  readonly refused: ReadonlyMap<number, string>;
}
