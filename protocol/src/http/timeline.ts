import { z } from 'zod';
import { roundAttemptSchema } from '../entities.ts';
import { clientIdSchema, momentSchema, roundNumberSchema, runIdSchema } from '../values.ts';
import { attentionRuleSchema, severitySchema } from './attention.ts';

/** A time in which the attention list had one finding. It reads as it did when it began. [G19] */
export const attentionEpisodeSchema = z.object({
  rule: attentionRuleSchema,
  /** Null for a finding about the run itself. */
  client_id: clientIdSchema.nullable(),
  /** The first round of the evidence. */
  since_round: roundNumberSchema.nullable(),
  /** The round whose end put it on the list, then each round that changed its severity. */
  steps: z.array(z.object({ round: roundNumberSchema, severity: severitySchema, detail: z.string() })).min(1),
  /** The round whose end took it off the list; null while it is there. */
  to_round: roundNumberSchema.nullable(),
});
export type AttentionEpisode = z.infer<typeof attentionEpisodeSchema>;

/** What the other reads of a run lack to show it as it was at an earlier moment. */
export const timelineSchema = z
  .object({
    run_id: runIdSchema,
    /** Columns: when each client joined, null where that was not reported. */
    clients: z.object({ client_id: z.array(clientIdSchema), joined_at: z.array(momentSchema.nullable()) }),
    /** The attempts that a later one has replaced, by round, oldest first. [L8] */
    attempts: z.array(roundAttemptSchema.extend({ round: roundNumberSchema })),
    /** In the order in which they began. */
    episodes: z.array(attentionEpisodeSchema),
    /** Later episodes exist and are not listed. */
    episodes_truncated: z.boolean(),
  })
  .meta({ id: 'Timeline' });
export type Timeline = z.infer<typeof timelineSchema>;
