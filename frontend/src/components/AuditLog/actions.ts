import type { AuditAction } from '@rondo/protocol';

/** Each action as what a person did. */
const words: Readonly<Record<AuditAction, string>> = {
  'user.create': 'added a user',
  'user.update': 'changed a user',
  'user.delete': 'deleted a user',
  'user.password': 'changed a password',
  'session.end': 'ended a session',
  'key.create': 'made an API key',
  'key.revoke': 'revoked an API key',
  'run.update': 'changed a run',
  'run.end': 'ended a run',
  'run.export': 'exported a run',
  'run.import': 'imported a run',
  'run.delete': 'deleted a run',
  'round.stop': 'asked for a stop',
  'project.create': 'added a project',
  'project.update': 'changed a project',
  'project.delete': 'deleted a project',
  'member.set': 'set the role of a member',
  'member.remove': 'removed a member',
  'attention.mute': 'muted an attention item',
  'attention.unmute': 'unmuted an attention item',
  'alert_rule.create': 'added an alert rule',
  'alert_rule.update': 'changed an alert rule',
  'alert_rule.delete': 'deleted an alert rule',
  'alert_channel.create': 'added an alert channel',
  'alert_channel.update': 'changed an alert channel',
  'alert_channel.delete': 'deleted an alert channel',
  'alert_channel.test': 'tested an alert channel',
  'model.delete': 'deleted a model',
  'alias.set': 'set an alias',
  'alias.delete': 'removed an alias',
  'alias.rollback': 'rolled an alias back',
  sign_in: 'signed in',
  'sign_in.failed': 'failed to sign in',
  sign_out: 'signed out',
  'user.password_refused': 'gave a wrong current password',
  'access.refused': 'was refused',
  'model.store': 'stored a model',
  'model.download': 'downloaded a model',
  'model.download_link': 'made a download link',
};

export const actions: readonly string[] = Object.keys(words);

const isKnown = (action: string): action is AuditAction => Object.hasOwn(words, action);

/** An action of a newer server is shown by its name. */
export const describeAction = (action: string): string => (isKnown(action) ? words[action] : action);

/** `reason: stuck · scope: run`. */
export const describeDetail = (detail: Readonly<Record<string, unknown>>): string =>
  Object.entries(detail)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${describeValue(value)}`)
    .join(' · ');

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(describeValue).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
