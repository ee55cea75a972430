import { momentSchema } from '@rondo/protocol';
import { z } from 'zod';

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
  'round.stop',
  'model.delete',
  'alias.set',
  'alias.delete',
  'alias.rollback',
  'sign_in',
  'sign_in.failed',
]);
export type AuditAction = z.infer<typeof auditActionSchema>;

export const auditTargetTypeSchema = z.enum(['user', 'session', 'key', 'run', 'round', 'model', 'alias']);
export type AuditTargetType = z.infer<typeof auditTargetTypeSchema>;

export const auditEntrySchema = z.object({
  id: z.int(),
  at: momentSchema,
  actor: z.string().nullable(),
  action: auditActionSchema,
  target_type: auditTargetTypeSchema,
  target: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  address: z.string().nullable(),
  request_id: z.string().nullable(),
});
