import { z } from 'zod';
import { clientUpdateSchema, roundAttemptSchema, roundSchema } from '../entities.ts';
import { limits } from '../limits.ts';
import { roundNumberSchema, text } from '../values.ts';

export const roundDetailSchema = roundSchema.extend({
  client_updates: z.array(clientUpdateSchema),
  /** Attempts that a later one has replaced, oldest first. [L8] */
  earlier: z.array(roundAttemptSchema),
});
export type RoundDetail = z.infer<typeof roundDetailSchema>;

/** A round by its number, with the numbers of the rounds before and after it that exist. */
export const numberedRoundSchema = roundDetailSchema.extend({
  neighbours: z.object({ previous: roundNumberSchema.nullable(), next: roundNumberSchema.nullable() }),
});
export type NumberedRound = z.infer<typeof numberedRoundSchema>;

export const stopRequestSchema = z.object({
  reason: text(limits.reason, 1),
  scope: z.enum(['round', 'run']).default('round'),
});
export type StopRequest = z.infer<typeof stopRequestSchema>;
