import { z } from 'zod';
import { limits } from '../limits.ts';
import {
  clientIdSchema,
  countSchema,
  defaultProject,
  metricValueSchema,
  momentSchema,
  projectIdSchema,
  roundNumberSchema,
  runIdSchema,
  text,
} from '../values.ts';
import { attentionRuleSchema, attentionRules, severitySchema } from './attention.ts';

export const thresholdOps = ['>', '>=', '<', '<='] as const;
export type ThresholdOp = (typeof thresholdOps)[number];

/** What an alert rule waits for. [E1] */
export const alertWhenSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('attention'),
    rules: z.array(attentionRuleSchema).max(attentionRules.length).default([]).describe('any rule, if empty'),
    min_severity: severitySchema.default('warning'),
  }),
  z.object({ kind: z.literal('run_failed') }),
  z.object({ kind: z.literal('run_complete') }),
  z.object({
    kind: z.literal('metric_threshold'),
    name: text(limits.name, 1).describe('a metric of the rounds or of the FL server, such as global_loss'),
    op: z.enum(thresholdOps),
    value: z.number(),
    for_rounds: z.int().min(1).max(limits.alertRounds).default(1).describe('values in a row that must be beyond it'),
  }),
]);
export type AlertWhen = z.infer<typeof alertWhenSchema>;

export const alertKinds = ['attention', 'run_failed', 'run_complete', 'metric_threshold'] as const;
export type AlertKind = (typeof alertKinds)[number];

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:30');

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false; // Intl knows no such zone
  }
}

/** Hours in which messages wait. `to` may be on the next day. [E5] */
export const quietHoursSchema = z
  .object({
    from: timeOfDay,
    to: timeOfDay,
    time_zone: text(64, 1).refine(isTimeZone, 'must be a time zone such as Europe/Berlin'),
    except_critical: z.boolean().default(true).describe('critical alerts do not wait'),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], message: 'must differ from `from`' });
export type QuietHours = z.infer<typeof quietHoursSchema>;

const ruleFields = {
  name: text(limits.name, 1),
  tag: text(limits.name, 1).nullable().describe('only runs with this tag; null is every run of the project'),
  when: alertWhenSchema,
  channel_ids: z.array(z.uuid()).max(limits.alertRuleChannels).describe('of the same project'),
  throttle_s: z
    .int()
    .min(0)
    .max(limits.alertThrottleSeconds)
    .describe('a channel gets at most one message in this time; alerts in between are grouped'),
  quiet_hours: quietHoursSchema.nullable(),
  notify_over: z.boolean().describe('whether a message says that an alert is over'),
  enabled: z.boolean(),
};

export const alertRuleSchema = z
  .object({
    id: z.uuid(),
    project_id: projectIdSchema,
    ...ruleFields,
    created_at: momentSchema,
    created_by: z.string().nullable(),
  })
  .meta({ id: 'AlertRule' });
export type AlertRule = z.infer<typeof alertRuleSchema>;

export const newAlertRuleSchema = z.object({
  project_id: projectIdSchema.default(defaultProject),
  ...ruleFields,
  tag: ruleFields.tag.default(null),
  channel_ids: ruleFields.channel_ids.default([]),
  throttle_s: ruleFields.throttle_s.default(300),
  quiet_hours: ruleFields.quiet_hours.default(null),
  notify_over: ruleFields.notify_over.default(true),
  enabled: ruleFields.enabled.default(true),
});
export type NewAlertRule = z.input<typeof newAlertRuleSchema>;

export const alertRuleEditSchema = z.object(ruleFields).partial();
export type AlertRuleEdit = z.input<typeof alertRuleEditSchema>;

export const alertChannelKinds = ['webhook', 'email', 'browser'] as const;
export type AlertChannelKind = (typeof alertChannelKinds)[number];

const webhookUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
  .max(limits.address, `must have at most ${limits.address} characters`)
  // Every check runs, also on what is no address at all.
  .refine((url) => !URL.canParse(url) || new URL(url).username + new URL(url).password === '', {
    error: 'must not have a user or a password',
  });
const webhookSecret = text(limits.alertSecret, 16).describe('signs every request; never returned');
const formats = z.enum(['json', 'slack']);
const recipients = z
  .array(z.email('must be an e-mail address').max(limits.emailAddress))
  .min(1, 'must have at least one address')
  .max(limits.alertRecipients);

const channelFields = {
  name: text(limits.name, 1),
  enabled: z.boolean(),
  quiet_hours: quietHoursSchema.nullable(),
};

export const deliveryStates = ['collecting', 'sending', 'retrying', 'sent', 'given_up', 'cancelled'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

const knownChannel = {
  id: z.uuid(),
  project_id: projectIdSchema,
  ...channelFields,
  created_at: momentSchema,
  created_by: z.string().nullable(),
  last_delivery: z
    .object({ state: z.enum(deliveryStates), at: momentSchema, error: z.string().nullable() })
    .nullable()
    .describe('the newest message to it'),
};

/** A channel as it is returned: without the address of a webhook, which may hold a secret. [E8] */
export const alertChannelSchema = z
  .discriminatedUnion('kind', [
    z.object({
      ...knownChannel,
      kind: z.literal('webhook'),
      origin: z.string().describe('scheme, host and port of the address'),
      format: formats,
      has_secret: z.boolean().describe('whether requests are signed'),
    }),
    z.object({ ...knownChannel, kind: z.literal('email'), to: z.array(z.string()) }),
    z.object({ ...knownChannel, kind: z.literal('browser') }),
  ])
  .meta({ id: 'AlertChannel' });
export type AlertChannel = z.infer<typeof alertChannelSchema>;

const newChannel = {
  project_id: projectIdSchema.default(defaultProject),
  ...channelFields,
  enabled: channelFields.enabled.default(true),
  quiet_hours: channelFields.quiet_hours.default(null),
};

export const newAlertChannelSchema = z.discriminatedUnion('kind', [
  z.object({
    ...newChannel,
    kind: z.literal('webhook'),
    url: webhookUrl,
    secret: webhookSecret.nullable().default(null),
    format: formats.default('json'),
  }),
  z.object({ ...newChannel, kind: z.literal('email'), to: recipients }),
  z.object({ ...newChannel, kind: z.literal('browser') }),
]);
export type NewAlertChannel = z.input<typeof newAlertChannelSchema>;

/** `url`, `secret` and `format` are of webhooks, `to` is of e-mail. What is absent stays. */
export const alertChannelEditSchema = z
  .object({
    ...channelFields,
    url: webhookUrl,
    secret: webhookSecret.nullable().describe('null: requests are not signed'),
    format: formats,
    to: recipients,
  })
  .partial();
export type AlertChannelEdit = z.input<typeof alertChannelEditSchema>;

export const alertTestSchema = z
  .object({
    delivered: z.boolean(),
    detail: z.string().describe('what the receiver answered, or why nothing was delivered'),
    duration_ms: z.number().min(0),
  })
  .meta({ id: 'AlertTest' });
export type AlertTest = z.infer<typeof alertTestSchema>;

/** Of an alert: what became of its messages. `recorded` had no channel. */
export const alertStates = ['waiting', 'sent', 'failed', 'cancelled', 'recorded'] as const;
export const alertStateSchema = z.enum(alertStates);
export type AlertState = z.infer<typeof alertStateSchema>;

export const alertDeliverySchema = z.object({
  id: z.uuid(),
  channel_id: z.uuid().nullable().describe('null: the channel was deleted'),
  channel_name: z.string(),
  channel_kind: z.enum(alertChannelKinds),
  is_over: z.boolean().describe('it says that the alert is over'),
  state: z.enum(deliveryStates),
  attempts: countSchema,
  due_at: momentSchema,
  next_at: momentSchema.nullable().describe('the next attempt'),
  sent_at: momentSchema.nullable(),
  last_error: z.string().nullable(),
  duplicates: countSchema.describe('times that it was sent again because it was not known whether it had arrived'),
});

export const alertSchema = z
  .object({
    id: z.uuid(),
    project_id: projectIdSchema,
    rule_id: z.uuid().nullable().describe('null: the rule was deleted'),
    rule_name: z.string(),
    run_id: runIdSchema,
    run_name: z.string(),
    kind: z.enum(alertKinds),
    severity: severitySchema,
    attention_rule: attentionRuleSchema.nullable(),
    client_id: clientIdSchema.nullable(),
    round: roundNumberSchema.nullable(),
    detail: z.string(),
    evidence: z.record(z.string(), z.union([metricValueSchema, z.string(), z.boolean(), z.array(z.number())])),
    at: momentSchema,
    over_at: momentSchema.nullable().describe('when it no longer held; null while it holds'),
    state: alertStateSchema,
    deliveries: z.array(alertDeliverySchema).nullable().describe('null for callers who do not manage the project'),
  })
  .meta({ id: 'Alert' });
export type Alert = z.infer<typeof alertSchema>;

/** What the socket sends to the open pages of a project. [E9] */
export const alertNoticeSchema = z.object({
  type: z.literal('alert'),
  delivery_id: z.uuid(),
  project_id: projectIdSchema,
  severity: severitySchema,
  title: z.string(),
  text: z.string(),
  /** The run of a message about one run. */
  run_id: runIdSchema.nullable(),
  num_alerts: countSchema,
});
export type AlertNotice = z.infer<typeof alertNoticeSchema>;
