import {
  type Client,
  type ClientId,
  type ClientUpdate,
  clientSchema,
  clientUpdateSchema,
  type LogEntry,
  logEntrySchema,
  type MetricPoint,
  metricPointSchema,
  type Round,
  type Run,
  roundSchema,
  runSchema,
} from '@rondo/protocol';
import type { logs, metricPoints } from './schema.ts';

/** Copies the fields that a schema names, so that a new column is internal until the protocol names it. */
function picker<T extends object>(schema: { readonly shape: { readonly [K in keyof T]: unknown } }): (row: T) => T {
  const names = Object.keys(schema.shape) as (keyof T)[];
  return (row) => {
    const picked = {} as T;
    for (const name of names) picked[name] = row[name];
    return picked;
  };
}

/** Rows as viewers and REST clients receive them. */
export const toRun = picker<Run>(runSchema);
export const toRound = picker<Round>(roundSchema);
export const toClient = picker<Client>(clientSchema);
export const toClientUpdate = picker<ClientUpdate>(clientUpdateSchema);

const pickPoint = picker<MetricPoint>(metricPointSchema);
const pickLog = picker<LogEntry>(logEntrySchema);

// A primary key holds no null, so the server's own rows have an empty client id.
const clientIdOf = (stored: string): ClientId | null => (stored === '' ? null : (stored as ClientId));

export const toPoint = (row: typeof metricPoints.$inferSelect): MetricPoint =>
  pickPoint({ ...row, client_id: clientIdOf(row.client_id) });

export const toLog = (row: typeof logs.$inferSelect): LogEntry =>
  pickLog({ ...row, client_id: clientIdOf(row.client_id) });
