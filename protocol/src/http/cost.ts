import { z } from 'zod';
import { countSchema, roundNumberSchema, runIdSchema } from '../values.ts';

const milliseconds = z.number().min(0);

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
