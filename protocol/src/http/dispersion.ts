import { z } from 'zod';
import { roundStatusSchema } from '../entities.ts';
import { countSchema, roundNumberSchema, runIdSchema } from '../values.ts';

const share = z.number().min(0).max(1);

/** The numbers that every client update may carry. */
export const clientMeasures = [
  'train_loss',
  'duration_ms',
  'update_norm',
  'cosine_to_mean',
  'bytes_up',
  'bytes_down',
  'sample_count',
] as const;
export type ClientMeasure = (typeof clientMeasures)[number];

/** The measures that a cell of the client × round matrix can show. */
export const matrixMeasures = [
  'outcome',
  'train_loss',
  'duration_ms',
  'update_norm',
  'cosine_to_mean',
  'bytes_up',
  'bytes_down',
] as const;
export const matrixMeasureSchema = z.enum(matrixMeasures);
export type MatrixMeasure = z.infer<typeof matrixMeasureSchema>;

/** How the named clients of one round are spread; values that are not finite count in `num_not_finite` only. [G1] */
export const dispersionSchema = z.object({
  n: countSchema,
  num_not_finite: countSchema,
  min: z.number(),
  p10: z.number(),
  q1: z.number(),
  median: z.number(),
  q3: z.number(),
  p90: z.number(),
  max: z.number(),
  /** The mean of the worst tenth of the clients, at least one. For losses, times and sizes the worst are the greatest. */
  worst_tenth_mean: z.number(),
  /** Jain's fairness index (Σx)² / (n Σx²), for accuracies. */
  jain_index: share.nullable(),
});
export type Dispersion = z.infer<typeof dispersionSchema>;

export const roundDispersionSchema = z.object({
  round: roundNumberSchema,
  status: roundStatusSchema,
  /** Null: not reported for any named client. */
  dispersion: dispersionSchema.nullable(),
  /** Clients that were selected and are not known by name, so nothing is reported of them. */
  num_unnamed: countSchema,
});

export const runDispersionSchema = z
  .object({
    run_id: runIdSchema,
    measure: z.string(),
    /** Which end of the measure is the worse one. */
    worst: z.enum(['least', 'greatest']),
    /** Oldest first. */
    items: z.array(roundDispersionSchema),
    /** Measures that a client of these rounds reported. */
    measures: z.array(z.string()),
  })
  .meta({ id: 'RunDispersion' });
export type RunDispersion = z.infer<typeof runDispersionSchema>;
