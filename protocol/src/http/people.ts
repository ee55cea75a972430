import { z } from 'zod';
import { limits } from '../limits.ts';
import { momentSchema } from '../values.ts';
import { passwordSchema, roleSchema, usernameSchema } from './auth.ts';

export const userSchema = z.object({
  id: z.uuid(),
  username: z.string(),
  role: roleSchema,
  disabled: z.boolean(),
  created_at: momentSchema,
  last_sign_in_at: momentSchema.nullable(),
  has_password: z.boolean(),
  provider: z.literal('oidc').nullable(),
});
export type UserRecord = z.infer<typeof userSchema>;

export const newUserBody = z.object({ username: usernameSchema, password: passwordSchema, role: roleSchema });
export type NewUser = z.infer<typeof newUserBody>;

export const userEditBody = z
  .object({ role: roleSchema, disabled: z.boolean(), password: passwordSchema })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'role, disabled or password is required');
export type UserEdit = z.infer<typeof userEditBody>;

export const passwordBody = z.object({
  current_password: z.string().min(1).max(limits.password),
  new_password: passwordSchema,
});
export type PasswordChange = z.infer<typeof passwordBody>;

export const sessionSchema = z.object({
  id: z.uuid(),
  created_at: momentSchema,
  last_used_at: momentSchema,
  expires_at: momentSchema,
  user_agent: z.string().nullable(),
  address: z.string(),
  is_current: z.boolean(),
});
export type SignInSession = z.infer<typeof sessionSchema>;
