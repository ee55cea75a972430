import type { RunId } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Db } from '../db/db.ts';
import { clientUpdates, rounds } from '../db/schema.ts';
import type { Row } from './format.ts';

/** The columns that people read; the JSON Lines have every one. */
export const csvColumns: Readonly<Record<string, readonly string[]>> = {
  'rounds.jsonl': [
    'round',
    'status',
    'attempt',
    'num_clients_expected',
    'num_clients_completed',
    'num_clients_failed',
    'num_clients_no_reply',
    'num_clients_unreported',
    'started_at',
    'completed_at',
    'deadline',
    'global_loss',
    'global_accuracy',
    'update_norm',
    'cosine_to_previous',
    'model_version',
    'reason',
  ],
  'clients.jsonl': ['client_id', 'status', 'is_online', 'dataset_size', 'joined_at', 'last_heartbeat', 'labels'],
  'client_updates.jsonl': [
    'round',
    'client_id',
    'attempt',
    'outcome',
    'sample_count',
    'train_loss',
    'duration_ms',
    'bytes_up',
    'bytes_down',
    'update_norm',
    'cosine_to_mean',
    'cosine_to_previous',
    'error',
    'submitted_at',
  ],
  'metrics.jsonl': ['name', 'client_id', 'step', 'round', 'value', 'at'],
  'logs.jsonl': ['at', 'level', 'client_id', 'message'],
};

const withMetrics: Readonly<Record<string, PgTable>> = {
  'rounds.jsonl': rounds,
  'client_updates.jsonl': clientUpdates,
};
// A table with more columns than this is not read by people. The JSON Lines have the rest.
const maxMetricColumns = 1_000;

/** Names of the metrics that get a column of their own. */
export async function metricColumns(tx: Db, file: string, runId: RunId): Promise<string[]> {
  const table = withMetrics[file];
  if (!table) return [];
  const rows = await tx.execute<{ name: string }>(sql`
    select name collate "C" as name from ${table}, jsonb_object_keys(metrics) as name where run_id = ${runId}
    group by 1 order by 1 limit ${maxMetricColumns}::integer`);
  return rows.map(({ name }) => name);
}

export const csvHead = (columns: readonly string[], metrics: readonly string[]): string =>
  line([...columns, ...metrics.map((name) => `metrics.${name}`)]);

export function csvRow(row: Row, columns: readonly string[], metrics: readonly string[]): string {
  const measured = (row.metrics ?? {}) as Row;
  return line([...columns.map((name) => row[name]), ...metrics.map((name) => measured[name])]);
}

const line = (cells: readonly unknown[]): string => `${cells.map(cell).join(',')}\r\n`;

/** RFC 4180. A text that a spreadsheet would take for a formula begins with an apostrophe. [X3] */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const said = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = isNumber(said) || !/^[=+\-@\t\r]/.test(said) ? said : `'${said}`;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const isNumber = (said: string): boolean => said === '-Infinity';
