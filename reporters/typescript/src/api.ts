import type { FactType, LogLevel } from '@rondo/protocol';
import type { ReportedFact } from './event.ts';
import type { ModelAbout, ModelSource, ModelUpload } from './models.ts';
import type { Omission } from './omissions.ts';

/** Always: `reported` = `acknowledged` + `rejected` + `dropped` + `queued`. [R17] */
export interface ReporterStats {
  /** Everything handed to the reporter, its own facts (`run_started`, `command_ack`, drop notices) included. */
  readonly reported: number;
  /** The server has them for good. */
  readonly acknowledged: number;
  /** Acknowledged events that the server already had. */
  readonly duplicates: number;
  /** Refused by the server. */
  readonly rejected: number;
  /** Lost: invalid, pushed out of a full queue or spool, refused with their batch, or left in memory when the reporter closed. */
  readonly dropped: number;
  /** Waiting or on their way; after `close`, on disk for the next reporter. */
  readonly queued: number;
  /** Events of processes that ended before, delivered by this one; not part of `reported`. */
  readonly recovered: number;
  readonly lastError: string | null;
  /** Values that could not be reported, by name. [R30] */
  readonly leftOut: Readonly<Record<string, Omission>>;
}

type Body<T extends FactType> = Omit<Extract<ReportedFact, { type: T }>, 'type'>;
/** A named `report`. */
export type Say<T extends FactType> = (fact: Body<T>) => void;

/**
 * Reports one run of an FL server. Every call returns in microseconds, does no I/O, never throws, and copies its
 * arguments. [R1]
 */
export interface Reporter {
  readonly run_id: string;
  readonly report: (fact: ReportedFact) => void;
  readonly runComplete: Say<'run_complete'>;
  readonly roundStarted: Say<'round_started'>;
  readonly roundUpdate: Say<'round_update'>;
  readonly roundComplete: Say<'round_complete'>;
  readonly roundFailed: Say<'round_failed'>;
  readonly roundStopped: Say<'round_stopped'>;
  readonly clientJoined: Say<'client_joined'>;
  readonly clientLeft: Say<'client_left'>;
  readonly clientHeartbeat: Say<'client_heartbeat'>;
  readonly clientPresence: Say<'client_presence'>;
  readonly clientStatus: Say<'client_status'>;
  readonly clientResult: Say<'client_result'>;
  readonly clientFailed: Say<'client_failed'>;
  readonly clientNoReply: Say<'client_no_reply'>;
  readonly privacySpent: Say<'privacy_spent'>;
  readonly metric: (name: string, value: number, where: { step?: number; round?: number; client_id?: string }) => void;
  /** Reports that a value could not be reported: `reason` continues "it …". Once in the log, counted in `stats()`. [R30] */
  readonly leftOut: (name: string, reason: string) => void;
  readonly log: (level: LogLevel, message: string, about?: { client_id?: string }) => void;
  /** Uploads a model in the background: a file's path, or bytes that must not change until then. Never throws. [R28] */
  readonly saveModel: (version: string, source: ModelSource, about?: ModelAbout) => ModelUpload;
  readonly stats: () => ReporterStats;
  /**
   * Delivers what is queued, for at most `timeoutMs` (2,000), then stops for good; uploads go on while their bytes move. Never
   * rejects; says how it went. [R14]
   */
  readonly close: (options?: { timeoutMs?: number }) => Promise<ReporterStats>;
}
