import type {
  Alert,
  AlertChannelKind,
  AlertKind,
  AlertState,
  AlertWhen,
  AttentionRule,
  ClientId,
  DeliveryState,
  ProjectId,
  QuietHours,
  RunId,
  Severity,
} from '@rondo/protocol';
import { bigint, boolean, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { count, moment, textOf } from '../columns.ts';

/** What may be shown of where a channel leads. */
export type ChannelTarget =
  | { readonly origin: string; readonly format: 'json' | 'slack'; readonly has_secret: boolean }
  | { readonly to: readonly string[] }
  | Record<string, never>;

/** The tables of `migrations/0040_alerts.sql`. */
export const alertChannels = pgTable('alert_channels', {
  id: uuid().primaryKey(),
  project_id: textOf<ProjectId>('project_id').notNull(),
  name: text().notNull(),
  kind: textOf<AlertChannelKind>('kind').notNull(),
  enabled: boolean().notNull(),
  quiet_hours: jsonb().$type<QuietHours>(),
  target: jsonb().$type<ChannelTarget>().notNull(),
  sealed: text(),
  created_at: moment('created_at').notNull(),
  created_by: text(),
});

export const alertRules = pgTable('alert_rules', {
  id: uuid().primaryKey(),
  project_id: textOf<ProjectId>('project_id').notNull(),
  name: text().notNull(),
  tag: text(),
  condition: jsonb().$type<AlertWhen>().notNull(),
  throttle_s: integer().notNull(),
  quiet_hours: jsonb().$type<QuietHours>(),
  notify_over: boolean().notNull(),
  enabled: boolean().notNull(),
  active_from: moment('active_from').notNull(),
  created_at: moment('created_at').notNull(),
  created_by: text(),
});

export const alertRuleChannels = pgTable('alert_rule_channels', {
  rule_id: uuid().notNull(),
  channel_id: uuid().notNull(),
});

export const alerts = pgTable('alerts', {
  id: uuid().primaryKey(),
  number: bigint({ mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
  rule_id: uuid(),
  rule_name: text().notNull(),
  project_id: textOf<ProjectId>('project_id').notNull(),
  run_id: textOf<RunId>('run_id').notNull(),
  topic: text().notNull(),
  episode: text().notNull(),
  kind: textOf<AlertKind>('kind').notNull(),
  severity: textOf<Severity>('severity').notNull(),
  attention_rule: textOf<AttentionRule>('attention_rule'),
  client_id: textOf<ClientId>('client_id'),
  round: integer(),
  detail: text().notNull(),
  evidence: jsonb().$type<Alert['evidence']>().notNull(),
  at: moment('at').notNull(),
  over_at: moment('over_at'),
  state: textOf<AlertState>('state').notNull(),
});

export const alertDeliveries = pgTable('alert_deliveries', {
  id: uuid().primaryKey(),
  project_id: textOf<ProjectId>('project_id').notNull(),
  rule_id: uuid(),
  channel_id: uuid(),
  channel_name: text().notNull(),
  channel_kind: textOf<AlertChannelKind>('channel_kind').notNull(),
  state: textOf<DeliveryState>('state').notNull(),
  attempts: integer().notNull().default(0),
  duplicates: integer().notNull().default(0),
  due_at: moment('due_at').notNull(),
  next_at: moment('next_at'),
  first_tried_at: moment('first_tried_at'),
  lease: uuid(),
  lease_until: moment('lease_until'),
  sent_at: moment('sent_at'),
  last_error: text(),
});

export const alertDeliveryAlerts = pgTable('alert_delivery_alerts', {
  delivery_id: uuid().notNull(),
  alert_id: uuid().notNull(),
  /** The message says that the alert is over. */
  is_over: boolean().notNull(),
});

export const alertMarks = pgTable('alert_marks', {
  run_id: textOf<RunId>('run_id').notNull().primaryKey(),
  seq: count('seq').notNull(),
});

export const runEndsHeard = pgTable('run_ends_heard', {
  run_id: textOf<RunId>('run_id').notNull().primaryKey(),
  heard_at: moment('heard_at').notNull(),
});
