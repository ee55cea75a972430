import { limits, momentSchema, text } from '@rondo/protocol';
import { z } from 'zod';

export const roleSchema = z.enum(['viewer', 'admin']);
export type Role = z.infer<typeof roleSchema>;

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

export const keyBody = z.object({ name: text(limits.name, 1) });

export const newKeySchema = z.object({
  id: z.uuid(),
  name: z.string(),
  key: z.string().describe('shown this once'),
});

export const keysSchema = z.object({
  items: z.array(
    z.object({ id: z.uuid(), name: z.string(), created_at: momentSchema, last_used_at: momentSchema.nullable() }),
  ),
  total: z.int(),
});
