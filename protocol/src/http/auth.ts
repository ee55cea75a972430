import { z } from 'zod';
import { limits } from '../limits.ts';
import { isUnmistakable } from '../look-alikes.ts';
import { text } from '../values.ts';

export const roleSchema = z.enum(['viewer', 'admin']);
export type Role = z.infer<typeof roleSchema>;

/** A name that can be typed and distinguished: no spaces, no control or invisible characters. */
export const usernameSchema = text(limits.username, 1)
  .regex(/^[^\s\p{C}]+$/u, 'must not contain spaces or control characters')
  .refine(isUnmistakable, 'must have letters of one script, no invisible characters and no compatibility forms');

const passwordRule = `must have ${limits.passwordMin} to ${limits.password} characters`;

/** The rule for a password that is being set; argon2 reads every character of it. */
export const passwordSchema = z.string().min(limits.passwordMin, passwordRule).max(limits.password, passwordRule);

export const loginBody = z.object({
  username: text(limits.username, 1),
  password: z.string().min(1).max(limits.password),
});
export type Login = z.infer<typeof loginBody>;

export const linkBody = z.object({ token: z.string().min(1).max(limits.token) });

export const meSchema = z.object({ username: z.string(), role: roleSchema });
export type Me = z.infer<typeof meSchema>;

export const signInSchema = z.object({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  expires_in: z.int().describe('seconds'),
  user: meSchema,
});
export type SignIn = z.infer<typeof signInSchema>;

export const ticketSchema = z.object({ ticket: z.string(), expires_in: z.int().describe('seconds') });
export type Ticket = z.infer<typeof ticketSchema>;

export const methodsSchema = z.object({
  password: z.literal(true),
  oidc: z.object({ name: z.string() }).nullable(),
});
export type SignInMethods = z.infer<typeof methodsSchema>;

/** A page of this server, never an address elsewhere, written as a header can carry it. */
export const returnToSchema = text(limits.address, 1)
  .refine((path) => pathHere(path) !== undefined, 'must be a path on this server')
  // zod also calls this with text that an earlier check refused.
  .overwrite((path) => pathHere(path) ?? path);

const here = 'http://here.invalid';

/** Browsers treat `//host`, `/\host` and paths that normalize to them, such as `/.//host`, as another host. */
function pathHere(path: string): string | undefined {
  if (!path.startsWith('/') || !URL.canParse(path, here)) return undefined;
  const { origin, pathname, search, hash } = new URL(path, here);
  return origin === here && !pathname.startsWith('//') ? pathname + search + hash : undefined;
}
