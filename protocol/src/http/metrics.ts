import { z } from 'zod';
import { boundedRecord } from '../bounded.ts';
import { clientIdSchema, metricValueSchema, momentSchema, runIdSchema } from '../values.ts';
import { pageOf } from './page.ts';

export const metricsSummarySchema = z.object({
  run_id: runIdSchema,
  round: z.int().nullable(),
  global_loss: metricValueSchema.nullable(),
  global_accuracy: metricValueSchema.nullable(),
  // A run may log more names than one fact may carry.
  metrics: boundedRecord(z.string(), metricValueSchema, Number.MAX_SAFE_INTEGER),
});

/** `points` counts the logged ones; it is null where only rounds or client updates carry the name. */
export const metricNamesSchema = pageOf(z.object({ name: z.string(), points: z.int().min(1).nullable() })).extend({
  run_id: runIdSchema,
  client_id: clientIdSchema.nullable(),
});
export type MetricNames = z.infer<typeof metricNamesSchema>;

/** A series as columns: every point, or the least and the greatest of each bucket. */
export const seriesSchema = z.object({
  run_id: runIdSchema,
  name: z.string(),
  client_id: clientIdSchema.nullable(),
  total: z.int().min(0),
  sampled: z.boolean(),
  step: z.array(z.int()),
  value: z.array(metricValueSchema),
  at: z.array(momentSchema),
  /** Where each point is on the requested axis; null where the axis has no value for it. [M4] */
  x: z.array(z.number().nullable()).optional(),
});
export type Series = z.infer<typeof seriesSchema>;

/** Several series, in the order of the requested runs and, within a run, of the names. */
export const seriesListSchema = z.object({ items: z.array(seriesSchema) });
export type SeriesList = z.infer<typeof seriesListSchema>;

export const axisSchema = z.enum(['step', 'round', 'time', 'bytes', 'examples']);
export type Axis = z.infer<typeof axisSchema>;
