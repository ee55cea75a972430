import { z } from 'zod';
import { clientIdSchema, roundNumberSchema, runIdSchema } from '../values.ts';
import { matrixMeasureSchema } from './dispersion.ts';

/** The header of the matrix; `matrix-codec.ts` describes its bytes. */
export const matrixHeaderSchema = z.object({
  run_id: runIdSchema,
  measure: matrixMeasureSchema,
  cell: z.enum(['uint8', 'float32']),
  rounds: z.array(roundNumberSchema),
  /** In the order in which they first had a part, so that no row ever moves. */
  client_ids: z.array(clientIdSchema),
  /** The rounds that were not over; they are to be read again. */
  open_rounds: z.array(roundNumberSchema),
  /** Where a run has more rounds in the range than fit, the oldest that is not here ends before the first column. */
  truncated: z.boolean(),
});
export type MatrixHeader = z.infer<typeof matrixHeaderSchema>;
