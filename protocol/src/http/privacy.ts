import { z } from 'zod';
import { countSchema, metricValueSchema, roundNumberSchema, runIdSchema } from '../values.ts';

const share = z.number().min(0).max(1);

/** A privacy statement: the guarantee, whom it covers, and its basis. [G10] */
export const privacySchema = z
  .object({
    run_id: runIdSchema,
    is_reported: z.boolean(),
    epsilon: metricValueSchema.nullable(),
    delta: metricValueSchema.nullable(),
    round: roundNumberSchema.nullable(),
    unit: z.string().nullable(),
    adjacency: z.string().nullable(),
    mechanism: z.string().nullable(),
    noise_multiplier: z.number().nullable(),
    clip: z.number().nullable(),
    sampling_rate: share.nullable(),
    /** Whether the participating clients look like a random sample. */
    attendance: z.object({
      kind: z.enum(['everyone', 'random', 'not_random', 'not_known']),
      /** Standardised overdispersion of the clients' numbers of rounds. */
      z: z.number().nullable(),
      p_value: share.nullable(),
      sentence: z.string(),
    }),
    target_epsilon: z.number().nullable(),
    share_of_target: z.number().min(0).nullable(),
    rounds_left: z.object({
      basis: z.enum(['zcdp', 'trend', 'none']),
      rounds: countSchema.nullable(),
      sentence: z.string(),
    }),
    /** Missing in the report, but needed to judge ε. */
    missing: z.array(z.string()),
    statement: z.string(),
  })
  .meta({ id: 'Privacy' });
export type Privacy = z.infer<typeof privacySchema>;
