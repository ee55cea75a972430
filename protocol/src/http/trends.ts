import { z } from 'zod';
import { clientIdSchema, countSchema, roundNumberSchema, runIdSchema } from '../values.ts';

const share = z.number().min(0).max(1);

/** Whether the loss, or without one the accuracy, still moves. [G17] */
export const convergenceSchema = z
  .object({
    run_id: runIdSchema,
    measure: z.enum(['loss', 'accuracy']).nullable().describe('null: no round has either'),
    state: z.enum(['improving', 'worsening', 'plateau', 'not_known']),
    /** Evaluations that were looked at: the newest, at most 50. */
    num_evaluations: countSchema,
    from_round: roundNumberSchema.nullable(),
    to_round: roundNumberSchema.nullable(),
    /** Change by round: the Theil–Sen slope, with its interval of 95 %; null below ten evaluations. */
    slope: z.number().nullable(),
    slope_low: z.number().nullable(),
    slope_high: z.number().nullable(),
    /** The smallest slope that such evaluations show in four of five cases. */
    detectable_slope: z.number().min(0).nullable(),
    sentence: z.string(),
  })
  .meta({ id: 'Convergence' });
export type Convergence = z.infer<typeof convergenceSchema>;

/** How often each client takes part, of the rounds in which it was there. [G18] */
export const participationSchema = z
  .object({
    run_id: runIdSchema,
    num_rounds: countSchema,
    /** Jain's index and Gini's coefficient of the clients' shares; null without clients. */
    jain_index: share.nullable(),
    gini: share.nullable(),
    num_under_selected: countSchema,
    num_over_selected: countSchema,
    /** The least selected first. At most 200: those that are named, then the least selected. */
    items: z.array(
      z.object({
        client_id: clientIdSchema,
        /** Rounds since its first one: until now, or until its last one where it is not here any more. */
        available: countSchema,
        selected: countSchema,
        counted: countSchema,
        share: share.nullable().describe('counted of available'),
        /** Standardised by chance: how many rounds fewer or more than others it was selected for. */
        z: z.number().nullable(),
        p_value: share.nullable(),
        verdict: z.enum(['under_selected', 'over_selected', 'as_expected', 'not_known']),
      }),
    ),
    total: countSchema,
    sentence: z.string(),
  })
  .meta({ id: 'Participation' });
export type Participation = z.infer<typeof participationSchema>;
