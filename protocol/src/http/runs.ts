import { z } from 'zod';
import { limits } from '../limits.ts';
import { text } from '../values.ts';

/** What an admin may change of a run; a field that is absent stays. */
export const runEditSchema = z
  .object({
    name: text(limits.name, 1),
    tags: z.array(text(limits.name, 1)).max(limits.runTags),
    notes: text(limits.runNotes),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'name, tags or notes is required');
export type RunEdit = z.infer<typeof runEditSchema>;
