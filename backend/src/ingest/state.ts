import type { ClientId, Fact, RunId } from '@rondo/protocol';
import type { clients, clientUpdates, logs, metricPoints, rounds, runs } from '../db/schema.ts';

export type RunRow = typeof runs.$inferSelect;
export type RoundRow = typeof rounds.$inferSelect;
export type ClientRow = typeof clients.$inferSelect;
export type UpdateRow = typeof clientUpdates.$inferSelect;
export type PointRow = Omit<typeof metricPoints.$inferSelect, 'updated_seq'>;
export type LogRow = Omit<typeof logs.$inferSelect, 'updated_seq' | 'log_id'>;

/**
 * What is known of one run: what `reduce` may look at. Whoever calls it has loaded every client of the run, and every
 * round that the facts name with all its client updates.
 */
export interface RunState {
  readonly run: RunRow;
  readonly rounds: ReadonlyMap<number, RoundRow>;
  readonly clients: ReadonlyMap<ClientId, ClientRow>;
  /** By round number, then client. */
  readonly updates: ReadonlyMap<number, ReadonlyMap<ClientId, UpdateRow>>;
}

/** What the server itself has to say about a run, in the same line as the facts. */
export type Notice =
  | { type: 'client_silent'; run_id: RunId; client_id: ClientId; silent_since: string }
  | { type: 'stop_requested'; run_id: RunId; round: number; reason: string; at: string }
  | { type: 'stop_rejected'; run_id: RunId; round: number }
  | { type: 'run_edited'; run_id: RunId; name?: string; tags?: string[]; notes?: string };

export type Input = Fact | Notice;

/** The rows that facts changed, as they are after all of them. */
export interface Reduction {
  readonly run: RunRow | null;
  readonly rounds: ReadonlyMap<number, RoundRow>;
  readonly clients: ReadonlyMap<ClientId, ClientRow>;
  readonly updates: ReadonlyMap<number, ReadonlyMap<ClientId, UpdateRow>>;
  /** New or not, only the database can tell: it keeps the first of a key. */
  readonly points: readonly (PointRow & { index: number })[];
  readonly logs: readonly (LogRow & { index: number })[];
  readonly acks: readonly Extract<Fact, { type: 'command_ack' }>[];
  /** Positions of the inputs that said nothing new. */
  readonly duplicates: ReadonlySet<number>;
}
