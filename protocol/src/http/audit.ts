import { z } from 'zod';
import { limits } from '../limits.ts';
import { momentSchema, text } from '../values.ts';

export const auditActionSchema = z.enum([
  'user.create',
  'user.update',
  'user.delete',
  'user.password',
  'session.end',
  'key.create',
  'key.revoke',
  'run.update',
  'run.delete',
  'run.end',
  'run.export',
  'run.import',
  'round.stop',
  'project.create',
  'project.update',
  'project.delete',
  'member.set',
  'member.remove',
  'alert_rule.create',
  'alert_rule.update',
  'alert_rule.delete',
  'alert_channel.create',
  'alert_channel.update',
  'alert_channel.delete',
  'alert_channel.test',
  'attention.mute',
  'attention.unmute',
  'model.delete',
  'alias.set',
  'alias.delete',
  'alias.rollback',
  'sign_in',
  'sign_in.failed',
  'sign_out',
  'user.password_refused',
  'access.refused',
  'model.store',
  'model.download',
  'model.download_link',
]);
export type AuditAction = z.infer<typeof auditActionSchema>;

export type AuditTargetType =
  | 'user'
  | 'session'
  | 'key'
  | 'run'
  | 'round'
  | 'model'
  | 'alias'
  | 'project'
  | 'alert_rule'
  | 'alert_channel'
  | 'route';

/** `from` is within, `to` is not. */
export const auditQuery = {
  actor: text(limits.id, 1).optional(),
  action: auditActionSchema.optional(),
  target: text(limits.id, 1).optional(),
  from: momentSchema.optional(),
  to: momentSchema.optional(),
};

export const auditEntrySchema = z.object({
  id: z.int(),
  at: momentSchema,
  actor: z.string().nullable(),
  action: z.string().describe(auditActionSchema.options.join(', ')),
  target_type: z.string(),
  target: z.string().nullable().describe('a user by name, anything else by its id'),
  detail: z.record(z.string(), z.unknown()),
  address: z.string().nullable(),
  request_id: z.string().nullable(),
  project_id: z.string().nullable().describe('the project whose admins see it; null is the whole server'),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
