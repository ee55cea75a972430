import type { ProjectId } from '@rondo/protocol';
import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { alertChannels, alertDeliveries, alertRuleChannels, alertRules } from '../tables/alerts.ts';
import { cancelDeliveries } from './alert-outbox.ts';
import { countRows, type Page } from './page.ts';
import { inProjects, type Visible } from './projects.ts';

interface SettingsPage extends Page {
  readonly visible: Visible;
  readonly project?: ProjectId | undefined;
}

type RuleRow = typeof alertRules.$inferSelect;
type ChannelRow = typeof alertChannels.$inferSelect;
export type RuleWithChannels = RuleRow & { readonly channel_ids: string[] };

const channelsOfRule = sql<string[]>`(
  select coalesce(json_agg(channel_id order by channel_id), '[]') from alert_rule_channels where rule_id = alert_rules.id)`;

const ruleColumns = {
  id: alertRules.id,
  project_id: alertRules.project_id,
  name: alertRules.name,
  tag: alertRules.tag,
  condition: alertRules.condition,
  throttle_s: alertRules.throttle_s,
  quiet_hours: alertRules.quiet_hours,
  notify_over: alertRules.notify_over,
  enabled: alertRules.enabled,
  active_from: alertRules.active_from,
  created_at: alertRules.created_at,
  created_by: alertRules.created_by,
  channel_ids: channelsOfRule,
};

/** Oldest first. */
export async function listAlertRules(db: Db, { limit, offset, visible, project }: SettingsPage) {
  const where = and(
    inProjects(alertRules.project_id, visible),
    project === undefined ? undefined : eq(alertRules.project_id, project),
  );
  const items: RuleWithChannels[] = await db
    .select(ruleColumns)
    .from(alertRules)
    .where(where)
    .orderBy(asc(alertRules.created_at), asc(alertRules.id))
    .limit(limit)
    .offset(offset);
  return { items, total: await countRows(db, alertRules, where) };
}

/** The rules that are on, of these projects or of all. */
export const enabledRules = (db: Db, projects?: readonly ProjectId[]): Promise<RuleWithChannels[]> =>
  db
    .select(ruleColumns)
    .from(alertRules)
    .where(
      and(
        eq(alertRules.enabled, true),
        projects === undefined ? undefined : inArray(alertRules.project_id, [...projects]),
      ),
    );

const ofId = (column: typeof alertRules.id | typeof alertChannels.id, id: string, where: SQL | undefined) =>
  and(eq(column, id), where);

export async function findAlertRule(db: Db, id: string, visible: Visible): Promise<RuleWithChannels | undefined> {
  const where = ofId(alertRules.id, id, inProjects(alertRules.project_id, visible));
  const [rule] = await db.select(ruleColumns).from(alertRules).where(where);
  return rule;
}

/** The clock of the database, like that of `run_ends_heard`: servers may differ. [E2] */
const now = sql<string>`clock_timestamp()`;

export async function insertAlertRule(tx: Db, row: Omit<RuleRow, 'active_from'>): Promise<void> {
  await tx.insert(alertRules).values({ ...row, active_from: now });
}

export async function updateAlertRule(
  tx: Db,
  id: string,
  changes: Partial<RuleRow>,
  { isNewlyActive }: { readonly isNewlyActive: boolean },
): Promise<void> {
  const set = { ...changes, ...(isNewlyActive && { active_from: now }) };
  if (Object.keys(set).length > 0) await tx.update(alertRules).set(set).where(eq(alertRules.id, id));
}

export async function setRuleChannels(tx: Db, rule_id: string, channel_ids: readonly string[]): Promise<void> {
  await tx.delete(alertRuleChannels).where(eq(alertRuleChannels.rule_id, rule_id));
  if (channel_ids.length === 0) return;
  await tx.insert(alertRuleChannels).values(channel_ids.map((channel_id) => ({ rule_id, channel_id })));
}

export async function deleteAlertRule(tx: Db, id: string): Promise<void> {
  await cancelDeliveries(tx, eq(alertDeliveries.rule_id, id), 'the rule was deleted');
  await tx.delete(alertRules).where(eq(alertRules.id, id));
}

export const countAlertRules = (db: Db, project: ProjectId) =>
  countRows(db, alertRules, eq(alertRules.project_id, project));

export const countAlertChannels = (db: Db, project: ProjectId) =>
  countRows(db, alertChannels, eq(alertChannels.project_id, project));

export interface LastDelivery {
  readonly state: string;
  readonly at: string;
  readonly error: string | null;
}

/** Oldest first. */
export async function listAlertChannels(db: Db, { limit, offset, visible, project }: SettingsPage) {
  const where = and(
    inProjects(alertChannels.project_id, visible),
    project === undefined ? undefined : eq(alertChannels.project_id, project),
  );
  const items = await db
    .select()
    .from(alertChannels)
    .where(where)
    .orderBy(asc(alertChannels.created_at), asc(alertChannels.id))
    .limit(limit)
    .offset(offset);
  return { items, total: await countRows(db, alertChannels, where) };
}

/** The newest message to each of these channels. */
export async function lastDeliveries(db: Db, ids: readonly string[]): Promise<Map<string, LastDelivery>> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{ channel_id: string; state: string; at: string; error: string | null }>(sql`
    select distinct on (channel_id) channel_id, state, coalesce(sent_at, due_at) as at, last_error as error
    from alert_deliveries where channel_id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::text::json))
    order by channel_id, due_at desc`);
  return new Map(
    [...rows].map(({ channel_id, at, ...rest }) => [channel_id, { ...rest, at: new Date(at).toISOString() }]),
  );
}

export async function findAlertChannel(db: Db, id: string, visible: Visible): Promise<ChannelRow | undefined> {
  const where = ofId(alertChannels.id, id, inProjects(alertChannels.project_id, visible));
  const [channel] = await db.select().from(alertChannels).where(where);
  return channel;
}

export async function channelsOfProject(db: Db, project: ProjectId, ids: readonly string[]): Promise<ChannelRow[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(alertChannels)
    .where(and(eq(alertChannels.project_id, project), inArray(alertChannels.id, [...ids])));
}

export async function insertAlertChannel(tx: Db, row: typeof alertChannels.$inferInsert): Promise<void> {
  await tx.insert(alertChannels).values(row);
}

export async function updateAlertChannel(tx: Db, id: string, changes: Partial<ChannelRow>): Promise<void> {
  if (Object.keys(changes).length > 0) await tx.update(alertChannels).set(changes).where(eq(alertChannels.id, id));
}

export async function deleteAlertChannel(tx: Db, id: string): Promise<void> {
  await cancelDeliveries(tx, eq(alertDeliveries.channel_id, id), 'the channel was deleted');
  await tx.delete(alertChannels).where(eq(alertChannels.id, id));
}
