import type { AlertChannelKind, ProjectId } from '@rondo/protocol';
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { alertDeliveries, alertDeliveryAlerts, alerts } from '../tables/alerts.ts';

type NewAlert = typeof alerts.$inferInsert;
export type DeliveryRow = typeof alertDeliveries.$inferSelect;

/** Answers the ids of those that are new; the others were made before, by this server or by another one. [E3] */
export async function insertAlerts(tx: Db, rows: readonly NewAlert[]): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const inserted = await tx
    .insert(alerts)
    .values([...rows])
    .onConflictDoNothing()
    .returning({ id: alerts.id });
  return new Set(inserted.map(({ id }) => id));
}

/** Returns the ids of those that were not over before. */
export async function endAlerts(tx: Db, ids: readonly string[], at: string): Promise<string[]> {
  if (ids.length === 0) return [];
  const ended = await tx
    .update(alerts)
    .set({ over_at: at })
    .where(and(inArray(alerts.id, [...ids]), isNull(alerts.over_at)))
    .returning({ id: alerts.id });
  return ended.map(({ id }) => id);
}

/** Those of these alerts whose message went to this channel, or is on its way. Its receivers learn of the end as well. */
export async function alertsSentTo(tx: Db, channel_id: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await tx
    .selectDistinct({ id: alertDeliveryAlerts.alert_id })
    .from(alertDeliveryAlerts)
    .innerJoin(alertDeliveries, eq(alertDeliveries.id, alertDeliveryAlerts.delivery_id))
    .where(
      and(
        inArray(alertDeliveryAlerts.alert_id, [...ids]),
        eq(alertDeliveries.channel_id, channel_id),
        inArray(alertDeliveries.state, ['collecting', 'sending', 'retrying', 'sent']),
      ),
    );
  return rows.map(({ id }) => id);
}

export interface Pair {
  readonly rule_id: string;
  readonly channel_id: string;
}

const ofPair = ({ rule_id, channel_id }: Pair) =>
  and(eq(alertDeliveries.rule_id, rule_id), eq(alertDeliveries.channel_id, channel_id));

/** When the last message of this rule to this channel was due, leaving out the one that still collects. */
export async function lastDueAt(tx: Db, pair: Pair): Promise<string | undefined> {
  const [row] = await tx
    .select({ due_at: sql<string | null>`max(${alertDeliveries.due_at})` })
    .from(alertDeliveries)
    .where(and(ofPair(pair), sql`${alertDeliveries.state} not in ('collecting', 'cancelled')`));
  return row?.due_at ?? undefined;
}

interface Joining extends Pair {
  readonly id: string;
  readonly project_id: ProjectId;
  readonly channel_name: string;
  readonly channel_kind: AlertChannelKind;
  readonly due_at: string;
}

/**
 * Puts alerts into the message that collects for this rule and channel, or begins one. The end of an alert that this
 * message says anyway needs no other one. [E4]
 */
export async function joinDelivery(
  tx: Db,
  { due_at, ...row }: Joining,
  wanted: readonly string[],
  is_over = false,
): Promise<void> {
  const alertIds = is_over ? await notCollecting(tx, row, wanted) : wanted;
  if (alertIds.length === 0) return;
  const collecting = and(ofPair(row), eq(alertDeliveries.state, 'collecting'));
  let delivery: string | undefined;
  // The one that collects may be claimed between the insert and the look; then the next turn begins another.
  for (let turn = 0; turn < 5 && delivery === undefined; turn++) {
    const [begun] = await tx
      .insert(alertDeliveries)
      .values({ ...row, due_at, next_at: due_at, state: 'collecting' })
      .onConflictDoNothing()
      .returning({ id: alertDeliveries.id });
    delivery = begun?.id;
    if (delivery !== undefined) break;
    const [known] = await tx.select({ id: alertDeliveries.id }).from(alertDeliveries).where(collecting).for('update');
    delivery = known?.id;
    const sooner = sql`least(${alertDeliveries.due_at}, ${due_at}::timestamptz)`;
    if (known)
      await tx.update(alertDeliveries).set({ due_at: sooner, next_at: sooner }).where(eq(alertDeliveries.id, known.id));
  }
  if (delivery === undefined) throw new Error('no message could be begun for an alert');
  const delivery_id = delivery;
  await tx.insert(alertDeliveryAlerts).values(alertIds.map((alert_id) => ({ delivery_id, alert_id, is_over })));
}

async function notCollecting(tx: Db, pair: Pair, ids: readonly string[]): Promise<string[]> {
  const rows = await tx
    .select({ id: alertDeliveryAlerts.alert_id })
    .from(alertDeliveryAlerts)
    .innerJoin(alertDeliveries, eq(alertDeliveries.id, alertDeliveryAlerts.delivery_id))
    .where(and(ofPair(pair), eq(alertDeliveries.state, 'collecting'), inArray(alertDeliveryAlerts.alert_id, [...ids])))
    // Locked, so that it is not sent before this transaction says that they are over.
    .for('update', { of: alertDeliveries });
  const known = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !known.has(id));
}

export interface Claimed extends Pick<DeliveryRow, 'id' | 'project_id' | 'rule_id' | 'channel_id' | 'attempts'> {
  readonly first_tried_at: string;
  readonly duplicates: number;
  /** The server that had it did not say what became of it: it may have been sent. */
  readonly is_repeated: boolean;
}

/** Takes what is due for this server alone, until the lease ends. [E7] */
export async function claimDeliveries(
  db: Db,
  { now, lease, leaseUntil, limit }: { now: string; lease: string; leaseUntil: string; limit: number },
): Promise<Claimed[]> {
  const rows = await db.execute<Claimed & Record<string, unknown>>(sql`
    update alert_deliveries as d set
      state = 'sending', attempts = d.attempts + 1, lease = ${lease}::uuid, lease_until = ${leaseUntil}::timestamptz,
      first_tried_at = coalesce(d.first_tried_at, ${now}::timestamptz),
      duplicates = d.duplicates + case when due.was = 'sending' then 1 else 0 end
    from (
      select id, state as was from alert_deliveries
      where (state in ('collecting', 'retrying') and next_at <= ${now}::timestamptz)
        or (state = 'sending' and lease_until <= ${now}::timestamptz)
      order by next_at limit ${limit} for update skip locked
    ) as due
    where d.id = due.id
    returning d.id, d.project_id, d.rule_id, d.channel_id, d.attempts, d.first_tried_at, d.duplicates,
      due.was = 'sending' as is_repeated`);
  return [...rows];
}

type Outcome =
  | { readonly state: 'sent'; readonly at: string }
  | { readonly state: 'retrying'; readonly next_at: string; readonly error: string; readonly mayHaveArrived: boolean }
  | { readonly state: 'given_up' | 'cancelled'; readonly error: string };

/** False when the lease has ended and another server has the message. */
export async function finishDelivery(db: Db, id: string, lease: string, outcome: Outcome): Promise<boolean> {
  return db.transaction(async (tx) => {
    const set =
      outcome.state === 'sent'
        ? { sent_at: outcome.at, next_at: null, last_error: null }
        : outcome.state === 'retrying'
          ? {
              next_at: outcome.next_at,
              last_error: outcome.error,
              ...(outcome.mayHaveArrived && { duplicates: sql`${alertDeliveries.duplicates} + 1` }),
            }
          : { next_at: null, last_error: outcome.error };
    const done = await tx
      .update(alertDeliveries)
      .set({ state: outcome.state, lease: null, lease_until: null, ...set })
      .where(and(eq(alertDeliveries.id, id), eq(alertDeliveries.lease, lease)))
      .returning({ id: alertDeliveries.id });
    if (done.length > 0 && outcome.state !== 'retrying') await settleAlerts(tx, id);
    return done.length > 0;
  });
}

/** What waits is not sent any more. */
export async function cancelDeliveries(tx: Db, which: SQL, why: string): Promise<void> {
  const cancelled = await tx
    .update(alertDeliveries)
    .set({ state: 'cancelled', next_at: null, lease: null, lease_until: null, last_error: why })
    .where(and(which, inArray(alertDeliveries.state, ['collecting', 'sending', 'retrying'])))
    .returning({ id: alertDeliveries.id });
  for (const { id } of cancelled) await settleAlerts(tx, id);
}

/** What became of the alerts of a message, from all of the messages that say that they began. */
async function settleAlerts(tx: Db, delivery_id: string): Promise<void> {
  await tx.execute(sql`
    update alerts set state = case
        when found.waiting then 'waiting' when found.given_up then 'failed' when found.sent then 'sent' else 'cancelled' end
    from (
      select link.alert_id,
        bool_or(d.state in ('collecting', 'sending', 'retrying')) as waiting,
        bool_or(d.state = 'given_up') as given_up, bool_or(d.state = 'sent') as sent
      from alert_delivery_alerts as link join alert_deliveries as d on d.id = link.delivery_id
      where not link.is_over
        and link.alert_id in (select alert_id from alert_delivery_alerts where delivery_id = ${delivery_id} and not is_over)
      group by link.alert_id
    ) as found
    where alerts.id = found.alert_id`);
}

export const countWaiting = async (db: Db): Promise<number> => {
  const [row] = await db.execute<{ total: string }>(
    sql`select count(*) as total from alert_deliveries where state in ('collecting', 'sending', 'retrying')`,
  );
  return Number(row?.total ?? 0);
};

/** The alerts of a message whose runs are still of its project, the worst first, and how many there are. */
export async function alertsOfDelivery(db: Db, delivery_id: string, limit: number) {
  const rows = await db.execute<DeliveredAlert & { total: string } & Record<string, unknown>>(sql`
    select a.id, a.kind, a.severity, a.attention_rule, a.client_id, a.round, a.detail, a.evidence, a.at, a.over_at,
      a.rule_name, a.run_id, runs.name as run_name, link.is_over, count(*) over () as total
    from alert_delivery_alerts as link
      join alerts as a on a.id = link.alert_id
      join runs on runs.run_id = a.run_id
      join alert_deliveries as d on d.id = link.delivery_id and d.project_id = runs.project_id
    where link.delivery_id = ${delivery_id}
    order by link.is_over, array_position(array['critical', 'warning', 'info'], a.severity), a.number
    limit ${limit}`);
  const iso = (at: string) => new Date(at).toISOString();
  return {
    total: Number(rows[0]?.total ?? 0),
    items: [...rows].map(({ total: _, at, over_at, ...row }) => ({
      ...row,
      at: iso(at),
      over_at: over_at === null ? null : iso(over_at),
    })),
  };
}

export interface DeliveredAlert
  extends Pick<
    typeof alerts.$inferSelect,
    | 'id'
    | 'kind'
    | 'severity'
    | 'attention_rule'
    | 'client_id'
    | 'round'
    | 'detail'
    | 'evidence'
    | 'at'
    | 'over_at'
    | 'rule_name'
    | 'run_id'
  > {
  readonly run_name: string;
  /** The message says that it is over. */
  readonly is_over: boolean;
}
