import { type SQL, sql } from 'drizzle-orm';
import type { SeriesQuery } from './series-query.ts';

/** The points of a series that rounds and client results carry under its name. [M2] */
export function carriedPoints({ run_id, name, client_id, from, to }: SeriesQuery): SQL {
  const { table, value, at, filter } = client_id === undefined ? ofRounds(name) : ofClient(name, client_id);
  const range = sql`round::bigint between ${from ?? 0}::bigint and ${to ?? Number.MAX_SAFE_INTEGER}::bigint`;
  return sql`
    select round::bigint as step, (${value})::float8 as value, ${at} as at, 1 as points from ${table}
    where run_id = ${run_id} and ${filter} and (${value}) is not null and ${range}`;
}

const ofRounds = (name: string) => ({
  table: sql`rounds`,
  at: sql`coalesce(completed_at, started_at)`,
  filter: sql`true`,
  value:
    name === 'global_loss'
      ? sql`global_loss`
      : name === 'global_accuracy'
        ? sql`global_accuracy`
        : sql`metrics ->> ${name}`,
});

/** The metrics that every client update may carry besides its own. */
export const clientColumns = [
  'train_loss',
  'duration_ms',
  'bytes_up',
  'bytes_down',
  'update_norm',
  'cosine_to_mean',
  'sample_count',
];

const ofClient = (name: string, client_id: string) => ({
  table: sql`client_updates`,
  at: sql`submitted_at`,
  filter: sql`client_id = ${client_id} and submitted_at is not null`,
  value: clientColumns.includes(name) ? sql.identifier(name) : sql`metrics ->> ${name}`,
});
