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
import type { clients, logs, metricPoints, runs } from './schema.ts';

/** The inputs of a viewer's derived fields. */
type RunFields = Run & Partial<Pick<typeof runs.$inferSelect, 'num_rounds_over' | 'num_rounds_empty'>>;
type ClientFields = Client & Partial<Pick<typeof clients.$inferSelect, 'last_sample_count'>>;

/** A round that was completed although no client returned anything: it has no model of its own. [L9] */
export const isEmptyRound = (round: Round): boolean =>
  isCountedRound(round) && round.num_clients_completed === 0 && round.num_clients_unreported === 0;

export const isCountedRound = ({ status, num_clients_expected }: Round): boolean =>
  status === 'complete' && num_clients_expected > 0;

/** Copies the fields that a schema names, so that a new column is internal until the protocol names it. */
function picker<T extends object>(schema: { readonly shape: { readonly [K in keyof T]: unknown } }): (row: T) => T {
  const names = Object.keys(schema.shape) as (keyof T)[];
  return (row) => {
    const picked = {} as T;
    for (const name of names) picked[name] = row[name];
    return picked;
  };
}

export const toClientUpdate = picker<ClientUpdate>(clientUpdateSchema);

const pickPoint = picker<MetricPoint>(metricPointSchema);
const pickLog = picker<LogEntry>(logEntrySchema);

const pickRun = picker<Run>(runSchema);
const pickRound = picker<Round>(roundSchema);
const pickClient = picker<Client>(clientSchema);

/** Rows as viewers and REST clients receive them. */
export const toRun = (row: RunFields): Run => pickRun({ ...row, reason: row.reason ?? remarkOf(row) });

export const toRound = (row: Round): Round =>
  pickRound({ ...row, reason: row.reason ?? (isEmptyRound(row) ? emptyReason(row) : null) });

export const toClient = (row: ClientFields): Client =>
  pickClient({ ...row, dataset_size: row.dataset_size ?? row.last_sample_count ?? null });

/** A run may end well without having produced anything. [L9] */
function remarkOf({ status, num_rounds_over: over = 0, num_rounds_empty: empty = 0 }: RunFields): string | null {
  if (status !== 'complete' || over === 0 || empty < over) return null;
  return `no round produced a result: in ${over === 1 ? 'its only round' : `all ${over} rounds`} no client returned one`;
}

const emptyReason = ({ num_clients_failed: failed, num_clients_no_reply: silent }: Round): string =>
  `no client returned a result: ${failed} failed, ${silent} did not reply`;

// A primary key holds no null, so the server's own rows have an empty client id.
const clientIdOf = (stored: string): ClientId | null => (stored === '' ? null : (stored as ClientId));

export const toPoint = (row: typeof metricPoints.$inferSelect): MetricPoint =>
  pickPoint({ ...row, client_id: clientIdOf(row.client_id) });

export const toLog = (row: typeof logs.$inferSelect): LogEntry =>
  pickLog({ ...row, client_id: clientIdOf(row.client_id) });
