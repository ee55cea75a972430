import type { AlertKind, AlertState, ProjectId, RunId } from '@rondo/protocol';
import { and, desc, eq, getTableColumns, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { runs } from '../schema.ts';
import { alertDeliveries, alertDeliveryAlerts, alerts } from '../tables/alerts.ts';
import { cutPage, type KeysetPage, type Listed } from './page.ts';
import { inProjects, type Visible } from './projects.ts';

interface Filter extends KeysetPage<number> {
  readonly visible: Visible;
  readonly project?: ProjectId | undefined;
  readonly run_id?: RunId | undefined;
  readonly rule_id?: string | undefined;
  readonly kind?: AlertKind | undefined;
  readonly state?: AlertState | undefined;
}

type AlertRow = typeof alerts.$inferSelect;
type DeliveryRow = typeof alertDeliveries.$inferSelect;
type OfAlert = DeliveryRow & { readonly is_over: boolean };
export type ListedAlert = AlertRow & { readonly run_name: string; readonly deliveries: OfAlert[] };

/** Newest first. An alert is visible where its run is. */
export async function listAlerts(db: Db, filter: Filter): Promise<Listed<ListedAlert, number>> {
  const { visible, project, run_id, rule_id, kind, state, limit, offset, after } = filter;
  const is = <T>(column: Parameters<typeof eq>[0], value: T | undefined): SQL | undefined =>
    value === undefined ? undefined : eq(column as never, value as never);
  const where = and(
    inProjects(runs.project_id, visible),
    is(alerts.project_id, project),
    is(alerts.run_id, run_id),
    is(alerts.rule_id, rule_id),
    is(alerts.kind, kind),
    is(alerts.state, state),
  );
  const rows = await db
    .select({ ...getTableColumns(alerts), run_name: runs.name })
    .from(alerts)
    .innerJoin(runs, eq(runs.run_id, alerts.run_id))
    .where(and(where, after === undefined ? undefined : lt(alerts.number, after)))
    .orderBy(desc(alerts.number))
    .limit(limit + 1)
    .offset(offset);
  const { items, next } = cutPage(rows, limit, ({ number }) => number);
  const deliveries = await deliveriesOf(
    db,
    items.map(({ id }) => id),
  );
  const [count] = await db
    .select({ total: sql<string>`count(*)` })
    .from(alerts)
    .innerJoin(runs, eq(runs.run_id, alerts.run_id))
    .where(where);
  return {
    items: items.map((row) => ({ ...row, deliveries: deliveries.get(row.id) ?? [] })),
    next,
    total: Number(count?.total ?? 0),
  };
}

async function deliveriesOf(db: Db, ids: readonly string[]): Promise<Map<string, OfAlert[]>> {
  const known = new Map<string, OfAlert[]>();
  if (ids.length === 0) return known;
  const rows = await db
    .select({
      alert_id: alertDeliveryAlerts.alert_id,
      is_over: alertDeliveryAlerts.is_over,
      delivery: getTableColumns(alertDeliveries),
    })
    .from(alertDeliveryAlerts)
    .innerJoin(alertDeliveries, eq(alertDeliveries.id, alertDeliveryAlerts.delivery_id))
    .where(inArray(alertDeliveryAlerts.alert_id, [...ids]))
    .orderBy(alertDeliveries.due_at, alertDeliveries.id);
  for (const { alert_id, is_over, delivery } of rows)
    known.set(alert_id, [...(known.get(alert_id) ?? []), { ...delivery, is_over }]);
  return known;
}

// One transaction's worth, so that nothing waits long for it.
const deletedAtOnce = 5_000;

/** Deletes alerts from before this moment, and messages that have none any more; says how many alerts. */
export async function deleteOldAlerts(db: Db, before: string): Promise<number> {
  let deleted = 0;
  for (;;) {
    const gone = await db.execute(sql`
      delete from alerts where id in (select id from alerts where at < ${before}::timestamptz limit ${deletedAtOnce})
      returning id`);
    deleted += gone.length;
    if (gone.length < deletedAtOnce) break;
  }
  await db.execute(sql`
    delete from alert_deliveries where due_at < ${before}::timestamptz
      and not exists (select from alert_delivery_alerts where delivery_id = alert_deliveries.id)`);
  return deleted;
}
