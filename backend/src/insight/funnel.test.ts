import { clientIdSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { type Part, type StoredMeasure, storedMeasures, toColumns } from './columns.ts';
import { accountOf, funnelOf } from './funnel.ts';

const end = '2026-01-01T00:01:00.000Z';
const nothing = Object.fromEntries(storedMeasures.map((name) => [name, null])) as Record<StoredMeasure, null>;
const part = (
  n: number,
  outcome: Part['outcome'],
  duration_ms: number | null = null,
  submitted_at: string | null = null,
) =>
  ({
    client_id: clientIdSchema.parse(`c${n}`),
    outcome,
    attempt: 1,
    metrics: {},
    ...nothing,
    duration_ms,
    submitted_at,
  }) as Part;
const accountFrom = (parts: readonly Part[]) => accountOf(toColumns(parts, (id) => Number(id.slice(1)), end));
const round = (status: 'complete' | 'collecting', num_clients_expected: number) => ({ status, num_clients_expected });

it('[G7] a result after the end of its round is returned and not counted, and its time is wasted', () => {
  const parts = [
    part(0, 'complete', 1_000, end),
    part(1, 'complete', 2_000, '2026-01-01T00:01:00.001Z'),
    part(2, 'failed', 4_000),
    part(3, 'failed'),
    part(4, 'no_reply'),
    part(5, 'pending'),
  ];
  expect(accountFrom(parts)).toEqual({ started: 4, returned: 2, counted: 1, wasted_ms: 6_000 });
});

it('[G7] each step of the funnel is at most the one before it, and what did not count is the share that is wasted', () => {
  const account = accountFrom([part(0, 'complete', 1_000, end), part(1, 'failed', 500), part(2, 'no_reply')]);
  const funnel = funnelOf([
    { row: round('complete', 4), account },
    { row: round('complete', 4), account },
  ]);
  expect(funnel).toEqual({ selected: 8, started: 4, returned: 2, counted: 2, wasted_ms: 1_000, wasted_share: 0.5 });
});

it('[G7] nothing is called wasted of a round that is open, or in which none started', () => {
  const account = accountFrom([part(0, 'failed', 500)]);
  expect(funnelOf([{ row: round('collecting', 3), account, training: 2 }])).toMatchObject({
    started: 3,
    wasted_share: null,
  });
  expect(funnelOf([{ row: round('complete', 3), account: accountFrom([part(0, 'no_reply')]) }])).toMatchObject({
    selected: 3,
    started: 0,
    wasted_share: null,
  });
});
