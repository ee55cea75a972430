import type { Client, Waiting } from '@rondo/protocol';
import { makeClient, makeRound, makeRun } from '@rondo/protocol/testing';
import { expect, it } from 'vitest';
import { closingAt, waitingNow } from './waiting-now.ts';

const bound = { elapsed_ms: 60_000, usual_ms: 10_000, bound_ms: 12_000, num_durations: 9, is_bound_pooled: false };
const outstandingOf = (client_id: string, is_beyond_bound = false) =>
  ({
    client_id,
    status: 'training',
    is_online: true,
    progress: null,
    ...bound,
    is_beyond_bound,
  }) as Waiting['outstanding'][number];

/** An answer when three of five had not replied, one of them late. */
const answer = {
  run_id: 'run-1',
  round: 17,
  num_outstanding: 3,
  num_unnamed: 0,
  num_beyond_bound: 1,
  outstanding: [outstandingOf('c3', true), outstandingOf('c4'), outstandingOf('c5')],
  expected_end: { state: 'none', sentence: '' },
  closing_now: {
    num_counted: 2,
    num_missing: 3,
    missing: ['c3', 'c4', 'c5'],
    time_saved_ms: 1_000,
    examples_lost_share: 0.6,
    worst_tenth_of_all: 1,
    worst_tenth_of_counted: 1,
    differences: [],
    sentence: 'as the server says',
  },
} as unknown as Waiting;

const run = makeRun();
const roundOf = (done: number, fields: Parameters<typeof makeRound>[0] = {}) =>
  makeRound({ round: 17, num_clients_expected: 5, num_clients_completed: done, ...fields });
const clientsOf = (done: number): Record<string, Client> =>
  Object.fromEntries(
    [1, 2, 3, 4, 5].map((n) => [
      `c${n}`,
      makeClient({ client_id: `c${n}`, current_round: 17, round_outcome: n <= done ? 'complete' : 'pending' }),
    ]),
  );
const at = (done: number, fields: Parameters<typeof makeRound>[0] = {}, of: Waiting | null = answer) =>
  waitingNow({ run, round: roundOf(done, fields), clients: clientsOf(done) }, of ?? undefined).sentence;

it.each([
  [2, 'Round 17 waits for 1 client beyond its usual time: c3 (c3: 60 s, usually below 12 s).'],
  [3, 'Round 17 waits for 2 clients, none beyond its usual time.'],
  [4, 'Round 17 waits for 1 client, none beyond its usual time.'],
  [5, 'All clients of round 17 have answered; its end is not reported yet.'],
])('[G21] the sentence counts what the page counts: %d of 5 answers', (done, sentence) => {
  expect(at(done)).toBe(sentence);
});

it('[G21] a round that is over is not waited for, whatever the last answer was', () => {
  for (const status of ['complete', 'failed', 'stopped'] as const)
    expect(at(5, { status })).toBe('No round is open: the FL server prepares the next one.');
});

it('[G21] of a round that the last answer does not know nothing is claimed about bounds', () => {
  const next = at(1, { round: 18 });
  expect(next).toBe('Round 18 waits for 4 clients.');
  expect(at(1, {}, null)).toBe('Round 17 waits for 4 clients.');
});

it('[G21] what closing means is by the same counts, without what was computed for others', () => {
  const closing = (done: number, round = 17) =>
    closingAt({ run, round: roundOf(done, { round }), clients: clientsOf(done) }, answer, 0);
  expect(closing(2)).toBe(answer.closing_now);
  expect(closing(4)).toMatchObject({
    num_counted: 4,
    num_missing: 1,
    missing: ['c5'],
    examples_lost_share: null,
    sentence: 'Closing now counts 4 of 5 clients.',
  });
  expect(closing(2, 18)).toBeNull();
});
