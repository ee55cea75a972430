import { z } from 'zod';
import { boundedArray } from '../bounded.ts';
import { runSchema, runStatusSchema } from '../entities.ts';
import { limits } from '../limits.ts';
import { countSchema, metricValueSchema, projectIdSchema, roundNumberSchema, text } from '../values.ts';
import { keysetPageOf } from './page.ts';

/** The fields of a run that an admin may change; an absent field stays. */
export const runEditSchema = z
  .object({
    name: text(limits.name, 1),
    tags: boundedArray(text(limits.name, 1), limits.runTags),
    notes: text(limits.runNotes),
    project_id: projectIdSchema,
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'name, tags, notes or project_id is required');
export type RunEdit = z.infer<typeof runEditSchema>;

/** The last or best value of one round metric, with its round. A value that is not finite is never the best. */
export const roundValueSchema = z.object({ value: metricValueSchema, round: roundNumberSchema });
export type RoundValue = z.infer<typeof roundValueSchema>;

/** The fields of a run in a list; stored when the run changes, so that a list costs the same at any size. [G11] */
export const runSummarySchema = z
  .object({
    /** By name: `loss`, `accuracy` and every round metric. */
    last: z.record(z.string(), roundValueSchema),
    best: z.record(z.string(), roundValueSchema),
    /** At most 60 points of the loss, else of the accuracy, evenly over the rounds; null is a gap. */
    sparkline: z.array(z.number().nullable()),
    sparkline_of: z.string().nullable(),
    num_rounds: countSchema,
    num_rounds_failed: countSchema,
    num_clients: countSchema,
    duration_ms: z.number().min(0).nullable(),
    bytes_up: countSchema,
    bytes_down: countSchema,
    epsilon: metricValueSchema.nullable(),
  })
  .meta({ id: 'RunSummary' });
export type RunSummary = z.infer<typeof runSummarySchema>;

/** A run in a list. */
export const listedRunSchema = runSchema.extend({ summary: runSummarySchema }).meta({ id: 'ListedRun' });
export type ListedRun = z.infer<typeof listedRunSchema>;

/** The request of an admin to end a run whose FL server no longer reports. [L10] */
export const runEndSchema = z.object({
  status: runStatusSchema.exclude(['running']),
  reason: text(limits.reason, 1),
});
export type RunEnd = z.infer<typeof runEndSchema>;

export const runPageSchema = keysetPageOf(listedRunSchema);
export type RunPage = z.infer<typeof runPageSchema>;

/** The columns that runs are sorted by; `newest` is the default. [Q5] */
export const runSortSchema = z
  .union(
    [
      z.enum(['newest', 'started_at', 'name', 'status', 'duration_ms', 'rounds']),
      z.templateLiteral([z.enum(['last.', 'best.']), z.string().check(z.minLength(1), z.maxLength(limits.name))]),
    ],
    { error: 'must be newest, started_at, name, status, duration_ms, rounds, last.NAME or best.NAME' },
  )
  .refine((sort) => !sort.includes('\0') && sort.isWellFormed(), 'must not contain NUL or broken Unicode');
export type RunSort = z.infer<typeof runSortSchema>;

/** True if a lower value of this metric is better. [G11] */
export const isLowerBetter = (name: string): boolean => /loss|error|perplexity|mae|mse|rmse/i.test(name);
