import { z } from 'zod';
import { limits } from '../limits.ts';
import { momentSchema, projectIdSchema, text } from '../values.ts';

/** The roles of a member in a project. */
export const projectRoleSchema = z.enum(['viewer', 'admin']);
export type ProjectRole = z.infer<typeof projectRoleSchema>;

const name = text(limits.name, 1);

export const projectSchema = z
  .object({
    id: projectIdSchema,
    name: z.string(),
    created_at: momentSchema,
    role: projectRoleSchema.describe('what the caller may do in it'),
  })
  .meta({ id: 'Project' });
export type Project = z.infer<typeof projectSchema>;

export const newProjectSchema = z.object({
  id: projectIdSchema,
  name: name.optional().describe('the id, if absent'),
});
export type NewProject = z.infer<typeof newProjectSchema>;

export const projectEditSchema = z.object({ name });
export type ProjectEdit = z.infer<typeof projectEditSchema>;

export const memberSchema = z.object({
  user_id: z.uuid(),
  username: z.string(),
  role: projectRoleSchema,
  added_at: momentSchema,
});
export type Member = z.infer<typeof memberSchema>;

export const memberEditSchema = z.object({ role: projectRoleSchema });

/** A user as a project's admin finds one to add. */
export const candidateSchema = z.object({ user_id: z.uuid(), username: z.string() });
export type Candidate = z.infer<typeof candidateSchema>;

export const candidateQuery = z.object({
  username: text(limits.username, 1).describe('the whole name; capitals do not matter'),
});
