import { defaultProject, limits, momentSchema, projectIdSchema, text } from '@rondo/protocol';
import { z } from 'zod';

export const roleSchema = z.enum(['viewer', 'admin']);
export type Role = z.infer<typeof roleSchema>;

/** What an API key may do: report facts, send checkpoints, read what a viewer of its project sees. */
export const scopes = ['ingest', 'models', 'read'] as const;
/** What an FL server needs. */
export const reporterScopes = ['ingest', 'models'] as const;
export const scopeSchema = z.enum(scopes);
export type Scope = z.infer<typeof scopeSchema>;

/** A name that can be typed and told apart: no spaces, no control or invisible characters. */
export const usernameSchema = text(64, 1).regex(/^[^\s\p{C}]+$/u, 'must not contain spaces or control characters');

/** The rule for a password that is being set; argon2 reads every character of it. */
export const passwordSchema = z
  .string()
  .min(8, 'must have 8 to 256 characters')
  .max(256, 'must have 8 to 256 characters');

export const loginBody = z.object({ username: text(64, 1), password: z.string().min(1).max(256) });

export const linkBody = z.object({ token: z.string().min(1).max(128) });

export const meSchema = z.object({ username: z.string(), role: roleSchema });

export const signInSchema = z.object({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  expires_in: z.int().describe('seconds'),
  user: meSchema,
});

export const ticketSchema = z.object({ ticket: z.string(), expires_in: z.int().describe('seconds') });

export const keyBody = z.object({
  name: text(limits.name, 1),
  scopes: z.array(scopeSchema).min(1).max(scopes.length).optional().describe('ingest and models, if absent'),
  project_id: projectIdSchema.default(defaultProject).describe('the project that it is for'),
  expires_at: momentSchema.nullable().optional(),
});

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

export const newKeySchema = keySchema.extend({ key: z.string().describe('shown this once') });

export const methodsSchema = z.object({
  password: z.literal(true),
  oidc: z.object({ name: z.string() }).nullable(),
});

/** A page of this server, never an address elsewhere, written as a header can carry it. */
export const returnToSchema = text(2_000, 1)
  .refine((path) => pathHere(path) !== undefined, 'must be a path on this server')
  // zod comes here with a text that was refused, too.
  .overwrite((path) => pathHere(path) ?? path);

const here = 'http://here.invalid';

/** Browsers read `//host`, `/\host` and what becomes one of them, as `/.//host` does, as an address elsewhere. */
function pathHere(path: string): string | undefined {
  if (!path.startsWith('/') || !URL.canParse(path, here)) return undefined;
  const { origin, pathname, search, hash } = new URL(path, here);
  return origin === here && !pathname.startsWith('//') ? pathname + search + hash : undefined;
}
