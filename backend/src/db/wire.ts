import type { Client, ClientId, ClientUpdate, LogEntry, MetricPoint, Round, Run } from '@rondo/protocol';
import type { clients, clientUpdates, logs, metricPoints, rounds, runs } from './schema.ts';

type RunRow = typeof runs.$inferSelect;
type RoundRow = typeof rounds.$inferSelect;
type ClientRow = typeof clients.$inferSelect;

/** Rows as viewers and REST clients see them: without what only the server needs. */
export function toRun(row: RunRow): Run {
  const { status_at, declared_at, worked_at, edited, epoch, seq, updated_seq, created_at, ...run } = row;
  return run;
}

export function toRound(row: RoundRow): Round {
  const { status_at, num_named, num_named_no_reply, created_seq, updated_seq, ...round } = row;
  return round;
}

export function toClient(row: ClientRow): Client {
  const { status_at, joined_at, seen_at, num_parts, last_part, created_seq, updated_seq, ...client } = row;
  return client;
}

export function toClientUpdate(row: typeof clientUpdates.$inferSelect & { round_id: number }): ClientUpdate {
  const { previous_part, ...part } = row;
  return part;
}

export function toPoint(row: typeof metricPoints.$inferSelect): MetricPoint {
  const { updated_seq, client_id, ...point } = row;
  return { ...point, client_id: (client_id || null) as ClientId | null };
}

export function toLog(row: typeof logs.$inferSelect): LogEntry {
  const { updated_seq, digest, client_id, ...entry } = row;
  return { ...entry, client_id: (client_id || null) as ClientId | null };
}
