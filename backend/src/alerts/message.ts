import { createHmac } from 'node:crypto';
import { type AlertNotice, limits, type ProjectId, type Severity } from '@rondo/protocol';
import type { DeliveredAlert } from '../db/queries/alert-outbox.ts';

/** One message to one channel. */
export interface AlertMessage {
  readonly delivery_id: string;
  readonly attempt: number;
  /** Whether an earlier attempt may have arrived: it has the same `delivery_id`. */
  readonly may_be_repeated: boolean;
  readonly is_test: boolean;
  readonly project_id: ProjectId;
  readonly rule: { readonly id: string; readonly name: string } | null;
  /** The worst first, at most `limits.alertsPerMessage`. */
  readonly alerts: readonly DeliveredAlert[];
  readonly num_alerts: number;
  readonly sent_at: string;
  /** Where browsers reach this server, without a slash at the end. */
  readonly publicUrl: string | undefined;
}

const severities: readonly Severity[] = ['critical', 'warning', 'info'];

/** Of what began: that something is over is no reason to get up. */
const worstOf = ({ alerts }: AlertMessage): Severity =>
  severities.find((severity) => alerts.some((alert) => !alert.is_over && alert.severity === severity)) ?? 'info';

const maxTitle = 200;

const cut = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max - 1)}…`);

/** One line, without control characters: it becomes a subject and a notification. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

export function titleOf(message: AlertMessage): string {
  const { alerts, num_alerts, is_test, project_id, rule } = message;
  if (is_test) return `Rondo: test of an alert channel of project ${project_id}`;
  const [first] = alerts;
  if (!first) return `Rondo: ${rule?.name ?? 'alerts'}`;
  const areOver = alerts.every(({ is_over }) => is_over);
  const word = areOver ? 'over' : worstOf(message);
  if (num_alerts === 1) return cut(oneLine(`${word}: ${first.run_name}: ${first.detail}`), maxTitle);
  if (areOver) return cut(oneLine(`over: ${num_alerts} alerts of ${rule?.name ?? project_id}`), maxTitle);
  return cut(oneLine(`${worstOf(message)}: ${num_alerts} alerts of ${rule?.name ?? project_id}`), maxTitle);
}

const lineOf = ({ severity, run_name, detail, round, is_over }: DeliveredAlert): string =>
  oneLine(`[${is_over ? 'over' : severity}] ${run_name}${round === null ? '' : `, round ${round}`}: ${detail}`);

const addressOf = ({ publicUrl }: AlertMessage, run_id: string): string | null =>
  publicUrl === undefined ? null : `${publicUrl}/runs/${encodeURIComponent(run_id)}`;

function linesOf(message: AlertMessage): string[] {
  const { alerts, num_alerts, is_test } = message;
  if (is_test) return ['This channel works. Nothing happened in a run.'];
  const more = num_alerts - alerts.length;
  return [
    ...alerts.map((alert) => cut(lineOf(alert), 600)),
    ...(more > 0 ? [`and ${more} more, see Settings, Alerts`] : []),
  ];
}

/** The body of a webhook in its own form. `docs/alerts.md` describes it. */
export function jsonBody(message: AlertMessage): string {
  const { publicUrl: _, alerts, ...rest } = message;
  return JSON.stringify({
    version: 1,
    title: titleOf(message),
    severity: worstOf(message),
    ...rest,
    alerts: alerts.map((alert) => ({ ...alert, url: addressOf(message, alert.run_id) })),
  });
}

/** Slack reads `<…>` as links and mentions; names of runs and clients may not make any. */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The form that Slack, Mattermost and Rocket.Chat accept as an incoming webhook. */
export function slackBody(message: AlertMessage): string {
  const seen = new Set(message.alerts.map(({ run_id }) => run_id));
  const links = [...seen].flatMap((run_id) => addressOf(message, run_id) ?? []);
  const lines = message.num_alerts === 1 && !message.is_test ? [] : linesOf(message).map((line) => `• ${line}`);
  return JSON.stringify({
    text: [`*${escapeSlack(titleOf(message))}*`, ...lines.map(escapeSlack), ...links].join('\n'),
  });
}

export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
}

/** The same message has the same id at every attempt, so that mail programs show it once. */
export function mailOf(message: AlertMessage): Mail {
  const { alerts, delivery_id, rule, project_id } = message;
  const links = [...new Set(alerts.map(({ run_id }) => run_id))].flatMap((run_id) => addressOf(message, run_id) ?? []);
  const why = rule
    ? `Alert rule "${oneLine(rule.name)}" of project ${project_id}. Its admins change it in Rondo under Settings, Alerts.`
    : `Sent by an admin of project ${project_id}.`;
  return {
    subject: titleOf(message),
    text: [...linesOf(message), '', ...links, ...(links.length > 0 ? [''] : []), '--', why, ''].join('\n'),
    messageId: `<${delivery_id}@rondo>`,
  };
}

export function noticeOf(message: AlertMessage): AlertNotice {
  const runs = new Set(message.alerts.map(({ run_id }) => run_id));
  const [run_id = null] = runs;
  return {
    type: 'alert',
    delivery_id: message.delivery_id,
    project_id: message.project_id,
    severity: worstOf(message),
    title: titleOf(message),
    text: cut(linesOf(message).slice(0, 3).join('\n'), 600),
    run_id: runs.size === 1 ? run_id : null,
    num_alerts: message.num_alerts,
  };
}

/** `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. A receiver refuses an old `t`, so a message cannot be replayed. [E8] */
export function signatureOf(secret: string, unixSeconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${unixSeconds}.${body}`).digest('hex');
  return `t=${unixSeconds},v1=${digest}`;
}

export const alertsPerMessage = limits.alertsPerMessage;
