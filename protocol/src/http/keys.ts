import { z } from 'zod';
import { limits } from '../limits.ts';
import { defaultProject, momentSchema, projectIdSchema, text } from '../values.ts';

/** The permissions of an API key: report facts, send checkpoints, read what a viewer of its project sees. */
export const scopes = ['ingest', 'models', 'read'] as const;
/** The scopes that an FL server needs. */
export const reporterScopes = ['ingest', 'models'] as const;
export const scopeSchema = z.enum(scopes);
export type Scope = z.infer<typeof scopeSchema>;

export const keyBody = z.object({
  name: text(limits.name, 1),
  scopes: z.array(scopeSchema).min(1).max(scopes.length).optional().describe('ingest and models, if absent'),
  project_id: projectIdSchema.default(defaultProject).describe('the project that it is for'),
  expires_at: momentSchema.nullable().optional(),
});
export type NewKey = z.input<typeof keyBody>;

export const keySchema = z.object({
  id: z.uuid(),
  name: z.string(),
  scopes: z.array(scopeSchema),
  project_id: projectIdSchema,
  created_at: momentSchema,
  created_by: z.string().nullable().describe('the admin who made it, while there is that user'),
  last_used_at: momentSchema.nullable(),
  expires_at: momentSchema.nullable(),
  is_expired: z.boolean(),
});
export type ApiKey = z.infer<typeof keySchema>;

export const newKeySchema = keySchema.extend({ key: z.string().describe('shown this once') });
export type CreatedKey = z.infer<typeof newKeySchema>;
