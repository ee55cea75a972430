import { z } from 'zod';
import { runSchema } from '../entities.ts';
import { countSchema } from '../values.ts';

/** A run that was imported, and how many rows each file of the export had. [X4] */
export const importedRunSchema = z
  .object({ run: runSchema, rows: z.record(z.string(), countSchema) })
  .meta({ id: 'ImportedRun' });
export type ImportedRun = z.infer<typeof importedRunSchema>;
