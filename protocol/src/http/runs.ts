import { z } from 'zod';
import { limits } from '../limits.ts';
import { projectIdSchema, text } from '../values.ts';

/** What an admin may change of a run; a field that is absent stays. */
export const runEditSchema = z
  .object({
    name: text(limits.name, 1),
    tags: z.array(text(limits.name, 1)).max(limits.runTags),
    notes: text(limits.runNotes),
    project_id: projectIdSchema,
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'name, tags, notes or project_id is required');
export type RunEdit = z.infer<typeof runEditSchema>;
