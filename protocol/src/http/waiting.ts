import { z } from 'zod';
import {
  clientIdSchema,
  countSchema,
  metricValueSchema,
  momentSchema,
  roundNumberSchema,
  runIdSchema,
} from '../values.ts';

const share = z.number().min(0).max(1);
const milliseconds = z.number().min(0);

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
    /** Of these. */
    num_unnamed: countSchema,
    num_beyond_bound: countSchema,
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
