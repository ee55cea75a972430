import type { Waiting } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { closePreview, expectedInMs, longestWaitMs } from './close-preview.ts';

type Outstanding = Waiting['outstanding'][number];

const client = (
  client_id: string,
  elapsed_ms: number,
  usual_ms: number | null,
  bound_ms: number | null,
): Outstanding => ({
  client_id: client_id as Outstanding['client_id'],
  status: 'training',
  is_online: true,
  progress: null,
  elapsed_ms,
  usual_ms,
  bound_ms,
  num_durations: 9,
  is_bound_pooled: false,
  is_beyond_bound: bound_ms !== null && elapsed_ms > bound_ms,
});

const closing: NonNullable<Waiting['closing_now']> = {
  num_counted: 10,
  num_missing: 3,
  missing: [],
  time_saved_ms: 60_000,
  examples_lost_share: 0.25,
  worst_tenth_of_all: null,
  worst_tenth_of_counted: null,
  differences: [],
  sentence: '',
};
const outstanding = [
  client('soon', 20_000, 30_000, 50_000),
  client('late', 40_000, 30_000, 70_000),
  client('lost', 90_000, 30_000, 80_000),
];
const sizes: Readonly<Record<string, number>> = { soon: 100, late: 200, lost: 100 };
const at = (wait_ms: number) => closePreview(closing, outstanding, (id) => sizes[id] ?? null, wait_ms);

describe('closing a round', () => {
  it('now counts, saves and loses what the server says', () => {
    expect(at(0)).toEqual({ num_counted: 10, num_missing: 3, saved_ms: 60_000, examples_lost_share: 0.25 });
  });

  it('later counts those that are expected by then, and saves less', () => {
    expect(at(10_000)).toEqual({ num_counted: 11, num_missing: 2, saved_ms: 50_000, examples_lost_share: 0.1875 });
    expect(at(30_000)).toMatchObject({ num_counted: 12, num_missing: 1, examples_lost_share: 0.0625 });
  });

  it('never counts a client past its bound', () => {
    expect(at(9e9)).toMatchObject({ num_missing: 1, saved_ms: 0 });
    expect(outstanding.map(expectedInMs)).toEqual([10_000, 30_000, null]);
    expect(expectedInMs(client('new', 5, null, null))).toBeNull();
  });

  it('says nothing of examples whose number is not known', () => {
    expect(closePreview(closing, outstanding, () => null, 10_000).examples_lost_share).toBeNull();
    expect(closePreview({ ...closing, num_missing: 500 }, outstanding, () => 1, 10_000).examples_lost_share).toBeNull();
  });

  it('can be looked at until the expected end', () => {
    expect(longestWaitMs(closing, outstanding)).toBe(60_000);
    expect(longestWaitMs({ ...closing, time_saved_ms: null }, outstanding)).toBe(30_000);
  });
});
