import { clientUpdateSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { updatesCsv } from './updates-csv.ts';

const update = (client_id: string, metrics: Record<string, number>) =>
  clientUpdateSchema.parse({
    round_id: 1,
    round: 1,
    run_id: 'run-1',
    client_id,
    attempt: 1,
    outcome: 'complete',
    sample_count: 10,
    train_loss: null,
    metrics,
    duration_ms: null,
    bytes_up: null,
    bytes_down: null,
    update_norm: null,
    cosine_to_mean: null,
    cosine_to_previous: null,
    error: null,
    submitted_at: null,
  });

it.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
  '[V7] a metric called %s has reported cells only',
  (name) => {
    const csv = updatesCsv([update('a', { [name]: 0.5 }), update(name, {})]);
    const [header, first, second] = csv.split('\r\n').map((line) => line.split(','));
    expect(header?.at(-1)).toBe(`metrics.${name}`);
    expect([first?.at(-1), second?.at(-1)]).toEqual(['0.5', '']);
  },
);
