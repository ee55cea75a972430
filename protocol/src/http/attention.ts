import { z } from 'zod';
import { limits } from '../limits.ts';
import {
  clientIdSchema,
  countSchema,
  metricValueSchema,
  momentSchema,
  roundNumberSchema,
  runIdSchema,
  text,
} from '../values.ts';

/** Rules about single clients, which can be replayed over stored rounds. */
export const clientRules = [
  // About a client: facts.
  'update_not_finite',
  'zero_update',
  'duplicate_update',
  'failed_in_a_row',
  'absent_in_a_row',
  // About a client: statistics.
  'update_norm_unusual',
  'train_loss_unusual',
  'cosine_unusual',
  'update_norm_drift',
  'train_loss_drift',
  'cosine_drift',
  'replayed_update',
  'free_rider',
  'straggler',
] as const;

/** Rules of the attention list. Facts have no threshold; statistics state their budget of false marks. [G4] */
export const attentionRules = [
  // About the run: facts.
  'fl_server_silent',
  'round_overdue',
  'waiting_for_clients',
  'all_clients_failed',
  'round_failed',
  'result_not_finite',
  'epsilon_over_target',
  'epsilon_near_target',
  'server_disk',
  'server_database',
  ...clientRules,
] as const;
export const attentionRuleSchema = z.enum(attentionRules);
export type AttentionRule = z.infer<typeof attentionRuleSchema>;

export const severitySchema = z.enum(['critical', 'warning', 'info']);
export type Severity = z.infer<typeof severitySchema>;

export const attentionItemSchema = z
  .object({
    rule: attentionRuleSchema,
    severity: severitySchema,
    client_id: clientIdSchema.optional(),
    /** Instead of `client_id` if one item represents several clients, the most unusual first. */
    client_ids: z.array(clientIdSchema).max(limits.attentionItems).optional(),
    /** The round that the evidence is of. */
    round: roundNumberSchema.optional(),
    /** The first round of this episode. */
    since_round: roundNumberSchema.optional(),
    since: momentSchema.optional(),
    /** One sentence, such as "its update norm is 2.4× its usual one (normal up to 2.1×)". */
    detail: z.string(),
    /** The figures behind the sentence, by name. */
    evidence: z.record(z.string(), z.union([metricValueSchema, z.string(), z.boolean(), z.array(z.number())])),
  })
  .meta({ id: 'AttentionItem' });
export type AttentionItem = z.infer<typeof attentionItemSchema>;

/** The target that an admin muted: a rule, a client, or a rule for a client. */
export const muteSchema = z
  .object({
    client_id: clientIdSchema.nullable(),
    rule: attentionRuleSchema.nullable(),
    reason: z.string(),
    muted_by: z.string(),
    muted_at: momentSchema,
  })
  .meta({ id: 'Mute' });
export type Mute = z.infer<typeof muteSchema>;

export const muteRequestSchema = z
  .object({
    client_id: clientIdSchema.nullish(),
    rule: attentionRuleSchema.nullish(),
    reason: text(limits.reason).default(''),
  })
  .refine(({ client_id, rule }) => client_id != null || rule != null, {
    path: ['client_id'],
    message: 'either client_id or rule is required',
  });

/** The stated rate of false marks, and what the statistics cannot detect. [G5] */
export const attentionBudgetSchema = z.object({
  /** False marks in 100 rounds of honest clients, by design. */
  false_marks_per_100_rounds: z.number().min(0),
  num_clients: countSchema,
  statement: z.string(),
});

export const attentionSchema = z
  .object({
    run_id: runIdSchema,
    /** Worst first, at most `limits.attentionItems`. */
    items: z.array(attentionItemSchema),
    /** Items before the bound. */
    total: countSchema,
    /** The items that would be listed if they were not muted. */
    muted_items: z.array(attentionItemSchema),
    mutes: z.array(muteSchema),
    /** The rounds that the statistics looked at; null while no round is over. */
    from_round: roundNumberSchema.nullable(),
    to_round: roundNumberSchema.nullable(),
    budget: attentionBudgetSchema,
  })
  .meta({ id: 'Attention' });
export type Attention = z.infer<typeof attentionSchema>;

/** The form sent on the socket: the list alone. */
export const attentionNewsSchema = attentionSchema.pick({ run_id: true, items: true, total: true });
export type AttentionNews = z.infer<typeof attentionNewsSchema>;

/** Where a rule would have fired in the stored rounds. */
export const attentionReplaySchema = z
  .object({
    run_id: runIdSchema,
    rule: attentionRuleSchema,
    /** How often an episode would have begun. */
    times: countSchema,
    /** The first `limits.attentionItems` of them. */
    episodes: z.array(
      z.object({
        client_id: clientIdSchema.nullable(),
        from_round: roundNumberSchema,
        /** Null while it lasts. */
        to_round: roundNumberSchema.nullable(),
      }),
    ),
    num_rounds: countSchema,
    sentence: z.string(),
  })
  .meta({ id: 'AttentionReplay' });
