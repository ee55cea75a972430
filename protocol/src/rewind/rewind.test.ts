import { expect, it } from 'vitest';
import type { ClientUpdate, Stop } from '../entities.ts';
import type { Timeline } from '../http/timeline.ts';
import { makeClient, makeModel, makeRound, makeRun, makeState, noon } from '../testing/entities.ts';
import { openRoundsAt, preparePast, roundAt, spanOf } from './past.ts';
import { rewind } from './rewind.ts';

const at = (seconds: number): number => Date.parse(noon(seconds));
const client_ids = ['c1', 'c2', 'late'];

const timeline = (given: Partial<Timeline> = {}): Timeline => ({
  run_id: makeRun().run_id,
  clients: { client_id: [], joined_at: [] },
  attempts: [],
  episodes: [],
  episodes_truncated: false,
  ...given,
});

const part = (client_id: string, given: Partial<Record<keyof ClientUpdate, unknown>> = {}): ClientUpdate =>
  ({
    client_id,
    round: 2,
    attempt: 1,
    outcome: 'complete',
    train_loss: 0.5,
    submitted_at: noon(75),
    ...given,
  }) as never;

/** Round 1 from 10 to 50, round 2 from 60 to 100; c1 returns at 75, c2 at 90. */
function makePast(given: Partial<Timeline> = {}) {
  const over = { status: 'complete', num_clients_expected: 2, num_clients_completed: 2, progress_percent: 100 };
  const rounds = [
    makeRound({ ...over, round: 1, started_at: noon(10), completed_at: noon(50), global_loss: 0.9 }),
    makeRound({ ...over, round: 2, started_at: noon(60), completed_at: noon(100), global_loss: 0.7 }),
  ];
  const present = makeState({
    run: makeRun({ status: 'complete', completed_at: noon(110), current_round: 2 }),
    rounds,
    clients: client_ids.slice(0, 2).map((client_id) => makeClient({ client_id, current_round: 2, is_online: false })),
    models: [makeModel({ version: 'v1', round: 1, created_at: noon(51) })],
  });
  const past = preparePast({ rounds, timeline: timeline(given), outcomes: null });
  const updates = new Map([[2, [part('c1'), part('c2', { submitted_at: noon(90) })]]]);
  return { present, past, see: (seconds: number) => rewind(present, past, updates, at(seconds)) };
}

it('[G19] at and after the end it is the present state itself', () => {
  const { present, see } = makePast();
  expect(see(110)).toBe(present);
  expect(see(1_000)).toBe(present);
  expect(spanOf(present.run ?? makeRun(), 0)).toEqual({ from: at(0), to: at(110) });
});

it('[G19] an open round counts what had returned, and has no result', () => {
  const { see, past } = makePast();
  const { rounds, clients, run, metrics_history } = see(80);
  expect(rounds[2]).toMatchObject({
    status: 'collecting',
    num_clients_completed: 1,
    global_loss: null,
    completed_at: null,
  });
  expect(clients.c1).toMatchObject({ round_outcome: 'complete', train_loss: 0.5, is_online: true });
  expect(clients.c2).toMatchObject({ round_outcome: 'pending', train_loss: null, status: 'training' });
  expect(run).toMatchObject({ status: 'running', current_round: 2, completed_at: null });
  expect(metrics_history).toEqual([{ round: 1, loss: 0.9, accuracy: null }]);
  expect(openRoundsAt(past, at(80))).toEqual([2]);
  expect(roundAt(past, at(55))).toBe(1);
});

it('[G19] before its first round it has no round, and no model before it was stored', () => {
  const { see } = makePast();
  expect(Object.keys(see(5).rounds)).toEqual([]);
  expect(Object.keys(see(50).models)).toEqual([]);
  expect(Object.keys(see(60).models)).toEqual(['v1']);
});

it('[G19] no moment in it is later than the one that is shown', () => {
  const { see } = makePast();
  const announced = new Set(['deadline', 'expires_at']);
  for (let seconds = 0; seconds < 110; seconds += 3) {
    const text = JSON.stringify(see(seconds), (key, value) => (announced.has(key) ? null : value));
    for (const [moment] of text.matchAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g))
      expect(Date.parse(moment)).toBeLessThanOrEqual(at(seconds));
  }
});

it('[G19] a client that joined without a part is there from then on', () => {
  const { present } = makePast();
  const late = makeClient({ client_id: 'late', current_round: null, round_outcome: null });
  const joined = timeline({ clients: { client_id: ['late' as never], joined_at: [noon(70)] } });
  const past = preparePast({ rounds: [], timeline: joined, outcomes: null });
  const state = { ...present, clients: { ...present.clients, late } };
  expect(Object.keys(rewind(state, past, new Map(), at(69)).clients)).toEqual([]);
  expect(Object.keys(rewind(state, past, new Map(), at(70)).clients)).toEqual(['late']);
});

it('[G19] a result after the end of its round had not replied before it came', () => {
  const { present, past } = makePast();
  const updates = new Map([[2, [part('c1'), part('c2', { submitted_at: noon(105) })]]]);
  const { rounds, clients } = rewind(present, past, updates, at(102));
  expect(rounds[2]).toMatchObject({ num_clients_completed: 1, num_clients_no_reply: 1 });
  expect(clients.c2?.round_outcome).toBe('no_reply');
});

it('[G19] a stop goes as far as it had gone', () => {
  const stop: Stop = {
    command_id: 'x',
    command: 'stop_run',
    state: 'applied',
    reason: 'enough',
    requested_by: 'ada',
    requested_at: noon(61),
    delivered_at: noon(62),
    ended_at: noon(70),
    detail: 'done',
    expires_at: noon(200),
  };
  const { present, past } = makePast();
  const state = { ...present, run: makeRun({ ...present.run, stop }) };
  const seen = (seconds: number) => rewind(state, past, new Map(), at(seconds)).run?.stop;
  expect(seen(60)).toBeNull();
  expect(seen(61)).toMatchObject({ state: 'requested', delivered_at: null, ended_at: null, detail: null });
  expect(seen(62)).toMatchObject({ state: 'delivered', ended_at: null });
  expect(seen(70)).toEqual(stop);
});

it('[G19] a finding is on the list from the end of its round until it is taken off', () => {
  const episode = (round: number, to_round: number | null, client_id: string) => ({
    rule: 'straggler' as const,
    client_id: client_id as never,
    since_round: round,
    steps: [{ round, severity: 'info' as const, detail: `slow since ${round}` }],
    to_round,
  });
  const { see } = makePast({ episodes: [episode(1, 2, 'c1'), episode(2, null, 'c2')] });
  const listed = (seconds: number) => see(seconds).attention?.items.map(({ client_id }) => client_id);
  expect(listed(49)).toEqual([]);
  expect(listed(50)).toEqual(['c1']);
  expect(listed(105)).toEqual(['c2']);
});

it('[G19] a replaced attempt is shown with its totals while it was the newest', () => {
  const { present } = makePast();
  const again = makeRound({ round: 1, attempt: 2, started_at: noon(40), completed_at: null });
  const attempts = [
    {
      round: 1,
      attempt: 1,
      status: 'failed' as const,
      started_at: noon(10),
      completed_at: noon(30),
      num_clients_expected: 2,
      num_clients_completed: 1,
      num_clients_failed: 1,
      num_clients_no_reply: 0,
      num_clients_unreported: 0,
      global_loss: null,
      global_accuracy: null,
      reason: 'the server was restarted',
    },
  ];
  const past = preparePast({ rounds: [again], timeline: timeline({ attempts }), outcomes: null });
  const seen = (seconds: number) => rewind(present, past, new Map(), at(seconds)).rounds[1];
  expect(seen(35)).toMatchObject({ attempt: 1, status: 'failed', num_clients_failed: 1 });
  expect(seen(20)).toMatchObject({ attempt: 1, status: 'collecting', num_clients_failed: 0, reason: null });
  expect(seen(45)).toMatchObject({ attempt: 2, status: 'collecting' });
});
