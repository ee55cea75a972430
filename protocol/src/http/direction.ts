import { z } from 'zod';
import { clientIdSchema, countSchema, roundNumberSchema, runIdSchema } from '../values.ts';

const share = z.number().min(0).max(1);

/** The agreement of a round's updates, and each client's share of their direction. [G8] */
export const directionSchema = z
  .object({
    run_id: runIdSchema,
    items: z.array(
      z.object({
        round: roundNumberSchema,
        /** ‖Δ̄‖² / Σ wᵢ‖Δᵢ‖²: 1 when all are alike, about 1/n when they are unrelated; null where not reported. */
        agreement: share.nullable(),
        n: countSchema,
      }),
    ),
    /** For the newest round in the range: shares of its direction, which add up to 1. Not a value of the client. */
    shares: z
      .object({
        round: roundNumberSchema,
        items: z.array(z.object({ client_id: clientIdSchema, share: z.number() })),
      })
      .nullable(),
  })
  .meta({ id: 'Direction' });
export type Direction = z.infer<typeof directionSchema>;
