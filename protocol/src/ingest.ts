import { z } from 'zod';
import { commandNameSchema } from './entities.ts';
import { limits } from './limits.ts';
import { momentSchema, reporterIdSchema, roundNumberSchema, runIdSchema } from './values.ts';

/** The envelope of `POST /api/ingest`. Events are validated one by one, so a bad one cannot cost the good ones. [I2] */
export const ingestRequestSchema = z.object({
  reporter_id: reporterIdSchema,
  batch: z.int('must be a whole number').min(0),
  /** The reporter's clock as it sent this. [T1] */
  sent_at: momentSchema.nullish(),
  events: z
    .array(z.unknown())
    .max(limits.batchEvents, `must have at most ${limits.batchEvents} events`)
    .describe('Facts, each as the schema `Fact` says; one that is not is rejected by its index'),
});
export type IngestRequest = z.infer<typeof ingestRequestSchema>;

export const commandSchema = z.object({
  command_id: z.string(),
  command: commandNameSchema,
  run_id: runIdSchema,
  round: roundNumberSchema.nullish(),
  reason: z.string(),
});
export type Command = z.infer<typeof commandSchema>;

export const ingestAnswerSchema = z.object({
  accepted: z.int().min(0),
  duplicates: z.int().min(0),
  rejected: z.array(z.object({ index: z.int().min(0), detail: z.string() })),
  commands: z.array(commandSchema),
});
export type IngestAnswer = z.infer<typeof ingestAnswerSchema>;
