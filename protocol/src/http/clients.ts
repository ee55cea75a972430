import type { z } from 'zod';
import { clientUpdateSchema } from '../entities.ts';
import { clientIdSchema } from '../values.ts';
import { keysetPageOf } from './page.ts';

/** One client's part in every round. */
export const clientHistorySchema = keysetPageOf(clientUpdateSchema).extend({ client_id: clientIdSchema });
export type ClientHistory = z.infer<typeof clientHistorySchema>;
