import { describe, expect, it } from 'vitest';
import {
  accountOf,
  awaitedClientsOf,
  clientFace,
  currentRoundOf,
  isRoundOver,
  medianRoundMs,
  modelsOf,
  remainingMs,
  roundsOf,
} from './selectors.ts';
import { makeClient, makeModel, makeRound, makeRun, makeState, noon } from './testing/entities.ts';
import { emptyViewerState } from './viewer-state.ts';

/** A finished round that took so many seconds. */
const lasting = (round: number, seconds: number) =>
  makeRound({ round, status: 'complete', started_at: noon(), completed_at: noon(seconds) });

describe('accountOf', () => {
  it('[A1] the four parts add up to the selected', () => {
    const round = makeRound({
      round: 1,
      num_clients_expected: 10,
      num_clients_completed: 4,
      num_clients_failed: 1,
      num_clients_no_reply: 2,
    });
    expect(accountOf(round)).toEqual({ selected: 10, pending: 3, complete: 4, failed: 1, no_reply: 2, unreported: 0 });
  });
});

it.each([
  ['waiting', false],
  ['collecting', false],
  ['aggregating', false],
  ['complete', true],
  ['failed', true],
  ['stopped', true],
] as const)('a round that is %s is over: %s', (status, isOver) => {
  expect(isRoundOver({ status })).toBe(isOver);
});

describe('lists', () => {
  it('rounds come newest first by number, and the first is the current one', () => {
    const state = makeState({ rounds: [2, 10, 9].map((round) => makeRound({ round })) });
    expect(roundsOf(state).map(({ round }) => round)).toEqual([10, 9, 2]);
    expect(currentRoundOf(state)?.round).toBe(10);
    expect(currentRoundOf(emptyViewerState)).toBeNull();
  });

  it('models come newest first', () => {
    const state = makeState({
      models: [makeModel({ version: 'old', created_at: noon(1) }), makeModel({ version: 'new', created_at: noon(2) })],
    });
    expect(modelsOf(state).map(({ version }) => version)).toEqual(['new', 'old']);
  });

  it('the awaited are the clients without an outcome in that round, longest silent first', () => {
    const state = makeState({
      clients: [
        makeClient({ client_id: 'fresh', last_heartbeat: noon(9) }),
        makeClient({ client_id: 'silent', last_heartbeat: noon(1), is_online: false, status: 'offline' }),
        makeClient({ client_id: 'returned', round_outcome: 'complete' }),
        makeClient({ client_id: 'in an older round', current_round: 0 }),
        makeClient({ client_id: 'not chosen', round_outcome: null }),
      ],
    });
    expect(awaitedClientsOf(state, 1).map(({ client_id }) => client_id)).toEqual(['silent', 'fresh']);
  });
});

describe('clientFace', () => {
  it.each([
    ['returned', 'complete'],
    ['failed', 'failed'],
    ['no_reply', 'no_reply'],
  ] as const)('is %s when its part in the running round is %s', (face, round_outcome) => {
    expect(clientFace(makeClient({ client_id: 'a', round_outcome, status: 'idle' }), 1)).toBe(face);
  });

  it('is what the client says of itself while its part is open', () => {
    expect(clientFace(makeClient({ client_id: 'a', status: 'uploading' }), 1)).toBe('uploading');
  });

  it('forgets the outcome of an earlier round', () => {
    expect(clientFace(makeClient({ client_id: 'a', status: 'idle', round_outcome: 'complete' }), 2)).toBe('idle');
  });

  it('[B7] is its outcome before its connection', () => {
    const away = { client_id: 'a', is_online: false } as const;
    expect(clientFace(makeClient({ ...away, round_outcome: 'complete' }), 1)).toBe('returned');
    expect(clientFace(makeClient({ ...away, round_outcome: 'pending' }), 1)).toBe('offline');
    expect(clientFace(makeClient({ ...away, round_outcome: null }), 1)).toBe('offline');
  });

  it('[B7] says nothing of presence when the run is over', () => {
    const away = { client_id: 'a', is_online: false } as const;
    expect(clientFace(makeClient({ ...away, round_outcome: 'complete' }), 1, true)).toBe('returned');
    expect(clientFace(makeClient({ ...away, round_outcome: null }), 1, true)).toBe('idle');
  });
});

describe('medianRoundMs', () => {
  it('is the middle duration of the finished rounds, whatever their order', () => {
    expect(medianRoundMs([lasting(3, 30), lasting(2, 1), lasting(1, 5), makeRound({ round: 4 })])).toBe(5_000);
  });

  it('is the mean of the middle two of an even number', () => {
    expect(medianRoundMs([lasting(1, 2), lasting(2, 4)])).toBe(3_000);
  });

  it('looks at the newest of the window only', () => {
    expect(medianRoundMs([lasting(3, 2), lasting(2, 2), lasting(1, 100)], 2)).toBe(2_000);
  });

  it('is unknown before a round has finished', () => {
    expect(medianRoundMs([makeRound({ round: 1 })])).toBeNull();
  });
});

describe('remainingMs', () => {
  const running = makeState({
    run: makeRun({ num_rounds: 5 }),
    rounds: [lasting(1, 10), makeRound({ round: 2, started_at: noon(10) })],
  });
  const at = (seconds: number) => Date.parse(noon(seconds));

  it('is the rounds to come at their median, less what this one has used', () => {
    expect(remainingMs(running, at(14))).toBe(3 * 10_000 + 6_000);
  });

  it('never counts a round that takes too long as less than nothing', () => {
    expect(remainingMs(running, at(1_000))).toBe(3 * 10_000);
  });

  it('is nothing after the last round', () => {
    const over = makeState({ run: makeRun({ num_rounds: 1 }), rounds: [lasting(1, 10)] });
    expect(remainingMs(over, at(60))).toBe(0);
  });

  it('is unknown for a run without a planned end, and before the first round has finished', () => {
    expect(remainingMs({ ...running, run: makeRun({ num_rounds: null }) }, at(14))).toBeNull();
    expect(remainingMs(makeState({ rounds: [makeRound({ round: 1 })] }), at(14))).toBeNull();
  });
});
