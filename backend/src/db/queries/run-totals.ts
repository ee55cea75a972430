import type { ProjectId, RunStatus } from '@rondo/protocol';
import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import type { Visible } from './projects.ts';

interface Which {
  readonly visible: Visible;
  readonly project?: ProjectId | undefined;
  readonly status?: RunStatus | undefined;
}

/** How many runs there are, without counting them. */
export async function readRunTotal(db: Db, { visible, project, status }: Which): Promise<number> {
  const conditions: SQL[] = [sql`true`];
  if (visible !== null)
    conditions.push(sql`project_id in (select json_array_elements_text(${JSON.stringify(visible)}::text::json))`);
  if (project !== undefined) conditions.push(sql`project_id = ${project}`);
  if (status !== undefined) conditions.push(sql`status = ${status}`);
  const [row] = await db.execute<{ total: string }>(
    sql`select coalesce(sum(total), 0)::text as total from run_totals where ${sql.join(conditions, sql` and `)}`,
  );
  return Number(row?.total ?? 0);
}

/** Sums up the rows added so far. Rows that other transactions add in the same time stay for the next call. */
export const foldRunTotals = (db: Db): Promise<unknown> =>
  db.execute(sql`
    with taken as (delete from run_totals returning project_id, status, total)
    insert into run_totals
    select project_id, status, sum(total) from taken group by project_id, status having sum(total) <> 0`);
