import { z } from 'zod';
import { roundStatusSchema } from '../entities.ts';
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

const share = z.number().min(0).max(1);
const milliseconds = z.number().min(0);

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

/** Why the running round is not over. [G7] */
export const waitingCauses = [
  'run_over',
  'between_rounds',
  'fl_server_silent',
  'minimum_of_clients_not_met',
  'clients_beyond_their_bound',
  'clients_running',
  'transfer',
  'unnamed_clients',
  'aggregating',
] as const;

export const outstandingClientSchema = z.object({
  client_id: clientIdSchema,
  status: z.string(),
  is_online: z.boolean(),
  progress: share.nullable(),
  elapsed_ms: milliseconds,
  /** Its usual duration: exp of the mean of the logarithms; null without history. */
  usual_ms: milliseconds.nullable(),
  /** It ends before this in 95 of 100 rounds; null without history. */
  bound_ms: milliseconds.nullable(),
  /** Its rounds with a duration, and where these are fewer than six the bound is that of all clients. */
  num_durations: countSchema,
  is_bound_pooled: z.boolean(),
  is_beyond_bound: z.boolean(),
});

export const expectedEndSchema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('interval'),
    /** The round is expected to end by `to`; `likely` is the median. */
    from: momentSchema,
    likely: momentSchema,
    to: momentSchema,
    coverage: share,
    /** It held in `held` of the last `of` rounds; null while fewer than one could be checked. */
    held: countSchema,
    of: countSchema,
    sentence: z.string(),
  }),
  z.object({ state: z.literal('later_than_usual'), sentence: z.string(), held: countSchema, of: countSchema }),
  z.object({ state: z.literal('not_enough_rounds'), have: countSchema, need: countSchema, sentence: z.string() }),
  z.object({ state: z.literal('none'), sentence: z.string() }),
]);

export const closingNowSchema = z.object({
  num_counted: countSchema,
  num_missing: countSchema,
  /** The first 200 by id. */
  missing: z.array(clientIdSchema),
  /** Until the expected end's `likely`; null where that is not known. */
  time_saved_ms: milliseconds.nullable(),
  /** Share of this round's examples that would not count, by each client's last known number. */
  examples_lost_share: share.nullable(),
  /** Mean of the worst tenth of the last known losses: of all selected clients, and of those who have answered. */
  worst_tenth_of_all: z.number().nullable(),
  worst_tenth_of_counted: z.number().nullable(),
  /** Two-sample Kolmogorov–Smirnov tests: do the missing differ from those who have answered? */
  differences: z.array(
    z.object({
      measure: z.enum(['train_loss', 'sample_count']),
      num_counted: countSchema,
      num_missing: countSchema,
      statistic: share,
      p_value: share,
      differs: z.boolean(),
    }),
  ),
  sentence: z.string(),
});

export const funnelSchema = z.object({
  selected: countSchema,
  started: countSchema,
  returned: countSchema,
  counted: countSchema,
  /** Share of the started work that did not count; null while none was started. */
  wasted_share: share.nullable(),
  /** Milliseconds of clients whose results did not count, where reported. */
  wasted_ms: milliseconds,
});
export type Funnel = z.infer<typeof funnelSchema>;

export const waitingSchema = z
  .object({
    run_id: runIdSchema,
    round: roundNumberSchema.nullable(),
    cause: z.enum(waitingCauses),
    sentence: z.string(),
    since: momentSchema.nullable(),
    elapsed_ms: milliseconds.nullable(),
    /** The first 200: those beyond their bound first. */
    outstanding: z.array(outstandingClientSchema),
    num_outstanding: countSchema,
    expected_end: expectedEndSchema,
    closing_now: closingNowSchema.nullable(),
    /** Figures of this round, and of the run's completed rounds. */
    funnel: z.object({ round: funnelSchema.nullable(), run: funnelSchema }),
    /** Latest values of the server's own metrics of these names, for asynchronous servers; null where not reported. */
    asynchronous: z
      .object({ staleness: metricValueSchema.nullable(), concurrency: metricValueSchema.nullable() })
      .nullable(),
  })
  .meta({ id: 'Waiting' });
export type Waiting = z.infer<typeof waitingSchema>;

/** Seconds and bytes by round as columns, oldest first; cumulated from the first round of the run. [G9] */
export const costSchema = z
  .object({
    run_id: runIdSchema,
    round: z.array(roundNumberSchema),
    duration_ms: z.array(milliseconds.nullable()),
    /** Sum over clients of their durations. */
    client_ms: z.array(milliseconds),
    bytes_up: z.array(countSchema),
    bytes_down: z.array(countSchema),
    examples: z.array(countSchema),
    cumulated_ms: z.array(milliseconds),
    cumulated_client_ms: z.array(milliseconds),
    cumulated_bytes_up: z.array(countSchema),
    cumulated_bytes_down: z.array(countSchema),
    cumulated_examples: z.array(countSchema),
    /** Totals over the whole run of the clients with each value of the label, the most bytes first. */
    by_label: z
      .object({
        label: z.string(),
        items: z.array(
          z.object({
            value: z.string().nullable(),
            num_clients: countSchema,
            client_ms: milliseconds,
            bytes_up: countSchema,
            bytes_down: countSchema,
            examples: countSchema,
          }),
        ),
      })
      .nullable(),
    /** Labels that a client of the run carries. */
    labels: z.array(z.string()),
  })
  .meta({ id: 'Cost' });
export type Cost = z.infer<typeof costSchema>;

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
