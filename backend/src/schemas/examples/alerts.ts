import * as a from './entities.ts';

const at = '2026-01-31T22:41:07.512Z';
const ids = {
  rule: '5b0b9a52-6b0e-4f7e-9a43-0d0c8f7f3c11',
  channel: '0c3f1a8e-2f5b-4f0a-8a77-61e5f0f4a2b9',
  alert: 'd9d2b6f4-13f0-45bb-8f8b-4f6d6e0a7c35',
  delivery: '7e2c5d18-9c0b-4d67-b1f5-3a8e2b6c9d40',
};

const rule = {
  id: ids.rule,
  project_id: 'default',
  name: 'Something is wrong',
  tag: null,
  when: { kind: 'attention', rules: [], min_severity: 'critical' },
  channel_ids: [ids.channel],
  throttle_s: 300,
  quiet_hours: null,
  notify_over: true,
  enabled: true,
  created_at: at,
  created_by: 'ada',
};

const channel = {
  id: ids.channel,
  project_id: 'default',
  name: 'on call',
  kind: 'webhook',
  enabled: true,
  quiet_hours: { from: '22:00', to: '07:00', time_zone: 'Europe/Berlin', except_critical: true },
  origin: 'https://hooks.example.org',
  format: 'json',
  has_secret: true,
  created_at: at,
  created_by: 'ada',
  last_delivery: { state: 'sent', at, error: null },
};

const { run_id } = a.run;

const alert = {
  id: ids.alert,
  project_id: 'default',
  rule_id: ids.rule,
  rule_name: rule.name,
  run_id,
  run_name: a.run.name,
  kind: 'attention',
  severity: 'critical',
  attention_rule: 'all_clients_failed',
  client_id: null,
  round: 12,
  detail: 'no client completed round 12: 9 failed, 1 did not reply',
  evidence: { rounds: 1, failed: 9, no_reply: 1 },
  at,
  over_at: null,
  state: 'sent',
  deliveries: [
    {
      id: ids.delivery,
      channel_id: ids.channel,
      channel_name: channel.name,
      channel_kind: 'webhook',
      is_over: false,
      state: 'sent',
      attempts: 1,
      due_at: at,
      next_at: null,
      sent_at: at,
      last_error: null,
      duplicates: 0,
    },
  ],
};

const page = <T>(item: T) => ({ items: [item], total: 1, limit: 20, offset: 0 });

export const alertExamples = {
  listAlertRules: { response: page(rule) },
  createAlertRule: {
    request: { name: rule.name, when: rule.when, channel_ids: [ids.channel] },
    response: rule,
  },
  editAlertRule: { request: { enabled: false }, response: { ...rule, enabled: false } },
  listAlertChannels: { response: { ...page(channel), can_send_email: true } },
  createAlertChannel: {
    request: {
      kind: 'webhook',
      name: channel.name,
      url: 'https://hooks.example.org/rondo/3f9c',
      secret: 'a long random text',
    },
    response: { ...channel, quiet_hours: null, last_delivery: null },
  },
  editAlertChannel: { request: { enabled: false }, response: { ...channel, enabled: false } },
  testAlertChannel: { response: { delivered: true, detail: 'the receiver answered 200', duration_ms: 84 } },
  listAlerts: { response: { ...page(alert), next: null } },
};
