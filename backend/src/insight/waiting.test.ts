import { clientIdSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { makeNormal } from '../../testing/random.ts';
import { achievedCoverage, boundOf } from './expected-end.ts';
import {
  causeOf,
  closingNow,
  durationBound,
  expectedEnd,
  judgeOutstanding,
  type Running,
  type Selected,
  type Situation,
} from './waiting.ts';

const running = (id: string, elapsedMs: number, fields: Partial<Running> & { status?: 'uploading' } = {}): Running => ({
  client: { client_id: clientIdSchema.parse(id), status: fields.status ?? 'training', is_online: true, progress: null },
  elapsedMs,
  durationsMs: fields.durationsMs ?? [10_000, 11_000, 9_000, 10_500, 9_500, 10_000],
});

const situation = (fields: Partial<Situation> = {}): Situation => ({
  runStatus: 'running',
  condition: null,
  round: { round: 4, status: 'collecting' },
  outstanding: [],
  numUnnamedPending: 0,
  ...fields,
});

const since = '2026-01-01T00:00:00.000Z';
const early = judgeOutstanding([running('a', 5_000)], []);
const late = judgeOutstanding([running('a', 5_000), running('b', 60_000)], []);
const uploads = judgeOutstanding([running('a', 5_000, { status: 'uploading' })], []);

it.each([
  ['run_over', { runStatus: 'stopped', round: null }, 'The run is over: its status is stopped.'],
  [
    'fl_server_silent',
    { condition: { state: 'silent', since, detail: null }, outstanding: late },
    'The FL server has been silent since 2026-01-01 00:00 UTC; round 4 still lacks 2 clients.',
  ],
  [
    'minimum_of_clients_not_met',
    { condition: { state: 'waiting_for_clients', since, detail: 'waiting for 5 clients, 2 are here' }, round: null },
    'Waiting for 5 clients, 2 are here.',
  ],
  ['between_rounds', { round: null }, 'No round is open: the FL server prepares the next one.'],
  ['aggregating', { round: { round: 4, status: 'aggregating' } }, 'The FL server aggregates the results of round 4.'],
  [
    'clients_beyond_their_bound',
    { outstanding: late },
    'Round 4 waits for 1 client beyond its usual time: b (b: 60 s, usually below 12 s).',
  ],
  ['clients_running', { outstanding: early }, 'Round 4 waits for 1 client, none beyond its usual time.'],
  ['transfer', { outstanding: uploads }, 'Round 4 waits for the updates of 1 client, which upload.'],
  ['unnamed_clients', { numUnnamedPending: 3 }, 'Round 4 waits for 3 clients that the FL server does not name.'],
  ['aggregating', {}, 'All clients of round 4 have answered; its end is not reported yet.'],
] satisfies [string, Partial<Situation>, string][])('[G7] names the cause %s', (cause, fields, sentence) => {
  expect(causeOf(situation(fields))).toEqual({ cause, sentence });
});

it.each([
  [500, 320, '500 ms, usually below 320 ms'],
  [0.4, 0.2, '0.4 ms, usually below 0.2 ms'],
  [1_500, 900, '1.5 s, usually below 900 ms'],
  [12_400, 11_900, '12.4 s, usually below 11.9 s'],
  [200_000, 190_000, '3.3 min, usually below 3.2 min'],
])('[G21] a client that took %d ms of usually %d: neither zero nor the same', (elapsed_ms, bound_ms, text) => {
  const client_id = clientIdSchema.parse('b');
  const [first] = judgeOutstanding([running('b', elapsed_ms)], []);
  const outstanding = [
    { ...(first as NonNullable<typeof first>), client_id, elapsed_ms, bound_ms, is_beyond_bound: true },
  ];
  expect(causeOf(situation({ outstanding })).sentence).toContain(`(b: ${text})`);
});

it('[G7] bounds a client by its own history, and by that of all where it has fewer than six rounds', () => {
  const own = [10_000, 11_000, 9_000, 10_500, 9_500, 10_000];
  const bound = durationBound(own)?.boundMs as number;
  const judge = (elapsed: number, durationsMs = own) =>
    judgeOutstanding([running('a', elapsed, { durationsMs })], [100_000, 120_000, 110_000])[0];
  expect(judge(bound - 1)).toMatchObject({ is_beyond_bound: false, is_bound_pooled: false });
  expect(judge(bound + 1)).toMatchObject({ is_beyond_bound: true, num_durations: 6 });
  expect(judge(bound + 1, own.slice(0, 5))).toMatchObject({ is_beyond_bound: false, is_bound_pooled: true });
  expect(judgeOutstanding([running('a', 1e9, { durationsMs: [] })], [])[0]).toMatchObject({
    bound_ms: null,
    is_beyond_bound: false,
  });
});

it('[G7] is exceeded by about one in twenty honest durations', () => {
  const normal = makeNormal(5_001);
  let beyond = 0;
  const tries = 4_000;
  for (let n = 0; n < tries; n++) {
    const own = Array.from({ length: 7 }, () => 10_000 * Math.exp(0.3 * normal()));
    const bound = durationBound(own)?.boundMs as number;
    beyond += Number(10_000 * Math.exp(0.3 * normal()) > bound);
  }
  expect(beyond / tries).toBeGreaterThan(0.035);
  expect(beyond / tries).toBeLessThan(0.065);
});

it('[G7] the expected end holds in about nine of ten rounds: 400 rounds, each ended by the slowest of 20 clients', () => {
  const normal = makeNormal(90_210);
  const durations: number[] = [];
  let [held, of] = [0, 0];
  for (let round = 0; round < 400; round++) {
    const slowest = Math.max(...Array.from({ length: 20 }, () => 10_000 * Math.exp(0.3 * normal())));
    const bound = boundOf(durations);
    if (bound) {
      of += 1;
      held += Number(slowest <= bound.upperMs);
    }
    durations.push(slowest);
  }
  console.log(`expected end: held in ${held} of ${of} rounds`);
  expect(of).toBe(391);
  expect(held / of).toBeGreaterThan(0.86);
  expect(held / of).toBeLessThan(0.96);
  const recent = achievedCoverage(durations);
  expect(recent.of).toBe(50);
  expect(recent.held / recent.of).toBeGreaterThan(0.75);
});

it('[G7] says that there are not enough rounds at eight, and gives an interval at nine', () => {
  const durations = [1, 2, 3, 4, 5, 6, 7, 8].map((s) => 1_000 * s);
  expect(expectedEnd(durations, 0, 0)).toMatchObject({ state: 'not_enough_rounds', have: 8, need: 9 });
  const nine = expectedEnd([...durations, 9_000], 0, 0);
  expect(nine).toMatchObject({ state: 'interval', to: new Date(9_000).toISOString(), coverage: 0.9, held: 0, of: 0 });
  // All but the longest are shorter than the round already is.
  expect(expectedEnd([...durations, 9_000], 0, 8_500)).toMatchObject({ state: 'later_than_usual' });
});

it('[G7] a longer wait moves the expected end out, never in', () => {
  const normal = makeNormal(3);
  const durations = Array.from({ length: 50 }, () => 10_000 * Math.exp(0.4 * normal()));
  let last = 0;
  for (let elapsed = 0; elapsed < 15_000; elapsed += 250) {
    const bound = boundOf(durations, elapsed);
    if (!bound) break;
    expect(bound.upperMs).toBeGreaterThanOrEqual(last);
    last = bound.upperMs;
  }
});

const selected = (n: number, hasAnswered: boolean, loss: (i: number) => number | null, examples = 100): Selected[] =>
  Array.from({ length: n }, (_, i) => ({
    client_id: clientIdSchema.parse(`${hasAnswered ? 'a' : 'm'}${i}`),
    hasAnswered,
    train_loss: loss(i),
    sample_count: examples,
  }));

it('[G7] closing now: what is lost, who is missing, and that these differ', () => {
  const all = [...selected(30, true, (i) => 1 + i / 100), ...selected(10, false, (i) => 3 + i / 100)];
  const closing = closingNow(all, 90_000);
  expect(closing).toMatchObject({ num_counted: 30, num_missing: 10, examples_lost_share: 0.25, time_saved_ms: 90_000 });
  expect(closing.missing).toHaveLength(10);
  expect(closing.worst_tenth_of_all).toBeGreaterThan(3);
  expect(closing.worst_tenth_of_counted).toBeLessThan(1.3);
  expect(closing.differences).toMatchObject([
    { measure: 'train_loss', differs: true },
    { measure: 'sample_count', differs: false },
  ]);
  expect(closing.sentence).toBe(
    'Closing now counts 30 of 40 clients, without 25 % of the examples, and saves about 90 s. The missing differ from the others in train loss, so the result would be biased.',
  );
});

it('[G7] closing now: no difference where there is none, and no test below five on a side', () => {
  const alike = [...selected(20, true, (i) => i % 5), ...selected(10, false, (i) => i % 5)];
  expect(closingNow(alike, null).sentence).toContain('No difference between the missing and the others can be seen.');
  const few = [...selected(20, true, (i) => i), ...selected(4, false, (i) => i)];
  expect(closingNow(few, null)).toMatchObject({ differences: [] });
  const unknown = [
    ...selected(5, true, () => 1),
    { ...(selected(1, false, () => null)[0] as Selected), sample_count: null },
  ];
  expect(closingNow(unknown, null)).toMatchObject({ examples_lost_share: null });
});
