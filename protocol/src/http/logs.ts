import type { z } from 'zod';
import { logEntrySchema } from '../entities.ts';
import { keysetPageOf } from './page.ts';

/** Log lines of a run, newest first by their own moment. */
export const logPageSchema = keysetPageOf(logEntrySchema);
export type LogPage = z.infer<typeof logPageSchema>;
