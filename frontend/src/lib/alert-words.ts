import type { Alert, AlertChannel, AlertKind, AlertWhen, AttentionRule, QuietHours, Severity } from '@rondo/protocol';

/** Each attention rule in words, in the order in which it is offered. */
export const attentionWords: Readonly<Record<AttentionRule, string>> = {
  fl_server_silent: 'the FL server is silent',
  round_overdue: 'a round is overdue',
  waiting_for_clients: 'a round waits for clients',
  all_clients_failed: 'no client completed a round',
  round_failed: 'a round failed',
  result_not_finite: 'a result is NaN or infinite',
  epsilon_over_target: 'ε is over its target',
  epsilon_near_target: 'ε is near its target',
  server_disk: 'the disk of the server is full',
  server_database: 'the database is out of reach',
  update_not_finite: 'an update is NaN or infinite',
  zero_update: 'an update is zero',
  duplicate_update: 'two clients sent the same update',
  failed_in_a_row: 'a client failed in a row',
  absent_in_a_row: 'a client was absent in a row',
  update_norm_unusual: 'an update norm is unusual',
  train_loss_unusual: 'a training loss is unusual',
  cosine_unusual: 'a direction is unusual',
  update_norm_drift: 'update norms drift',
  train_loss_drift: 'training losses drift',
  cosine_drift: 'directions drift',
  replayed_update: 'an update was replayed',
  free_rider: 'a client may not train',
  straggler: 'a client is slow',
};

export const kindWords: Readonly<Record<AlertKind, string>> = {
  attention: 'Something needs attention',
  run_failed: 'A run fails',
  run_complete: 'A run is complete',
  metric_threshold: 'A metric passes a bound',
};

export const severityWords: Readonly<Record<Severity, string>> = {
  critical: 'critical only',
  warning: 'warning and critical',
  info: 'any severity',
};

export function describeWhen(when: AlertWhen): string {
  switch (when.kind) {
    case 'attention': {
      const { rules, min_severity } = when;
      const [first] = rules;
      const what =
        first === undefined
          ? 'anything'
          : rules.length === 1
            ? attentionWords[first]
            : `${rules.length} attention rules`;
      return `needs attention: ${what} (${severityWords[min_severity]})`;
    }
    case 'run_failed':
      return 'a run fails';
    case 'run_complete':
      return 'a run is complete';
    case 'metric_threshold': {
      const { name, op, value, for_rounds } = when;
      return `${name} ${op} ${value}${for_rounds === 1 ? '' : ` for ${for_rounds} values in a row`}`;
    }
    default:
      return when satisfies never;
  }
}

export function describeTarget(channel: AlertChannel): string {
  switch (channel.kind) {
    case 'webhook':
      return `${channel.origin}${channel.format === 'slack' ? ', Slack form' : channel.has_secret ? ', signed' : ', not signed'}`;
    case 'email':
      return channel.to.join(', ');
    case 'browser':
      return 'open pages of the project';
    default:
      return channel satisfies never;
  }
}

export const channelWords: Readonly<Record<AlertChannel['kind'], string>> = {
  webhook: 'Webhook',
  email: 'E-mail',
  browser: 'Open pages',
};

export const stateWords: Readonly<Record<Alert['state'], string>> = {
  waiting: 'waits',
  sent: 'sent',
  failed: 'not delivered',
  cancelled: 'cancelled',
  recorded: 'recorded only',
};

export const describeQuiet = ({ from, to, time_zone }: QuietHours): string => `quiet ${from}–${to} (${time_zone})`;

/** E-mail addresses as people type them: separated by commas, blanks or lines. */
export const splitAddresses = (text: string): string[] => text.split(/[\s,;]+/).filter((part) => part !== '');
