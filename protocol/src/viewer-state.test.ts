import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import type { Round } from './entities.ts';
import { limits } from './limits.ts';
import { type LiveEvent, liveEventSchema } from './socket.ts';
import {
  makeBatch,
  makeClient,
  makeLog,
  makeModel,
  makePoint,
  makeRound,
  makeRun,
  makeSnapshot,
  makeState,
  noon,
} from './testing/entities.ts';
import { runIdSchema } from './values.ts';
import { applyBatch, emptyViewerState, fromSnapshot, type ViewerState } from './viewer-state.ts';

/** The state after one batch of `events`, which must fit. */
function after(state: ViewerState, ...events: LiveEvent[]): ViewerState {
  const next = applyBatch(state, makeBatch(state, events));
  assert(next !== 'gap');
  return next;
}

const roundUpdate = (round: Round): LiveEvent => ({ type: 'round_update', data: round });
const finished = (round: number, loss: number | 'NaN' = round): Round =>
  makeRound({ round, status: 'complete', global_loss: loss, global_accuracy: 0.5 });

describe('fromSnapshot', () => {
  it('[V2] replaces whatever was known by what the snapshot says, by key', () => {
    const client = makeClient({ client_id: 'a' });
    const model = makeModel({ version: 'v1' });
    const point = makePoint({ name: 'lr' });
    const snapshot = makeSnapshot(
      { rounds: [makeRound({ round: 7 })], clients: [client], models: [model], metrics: [point] },
      5,
    );
    expect(fromSnapshot(snapshot)).toMatchObject({
      run_id: 'run-1',
      epoch: 'an-epoch',
      seq: 5,
      rounds: { 7: { round: 7 } },
      clients: { a: client },
      models: { v1: model },
      metrics: { lr: point },
    });
  });
});

describe('applyBatch: where a batch fits', () => {
  it('[V3] says gap when the batch begins later than the state', () => {
    const state = makeState({}, 4);
    expect(applyBatch(state, makeBatch(state, [], { from_seq: 5, seq: 6 }))).toBe('gap');
  });

  it('[V3] says gap when the batch begins earlier than the state and ends later', () => {
    const state = makeState({}, 4);
    expect(applyBatch(state, makeBatch(state, [], { from_seq: 3, seq: 6 }))).toBe('gap');
  });

  it('[V3] says gap for a batch of another run', () => {
    const state = makeState({}, 4);
    expect(applyBatch(state, makeBatch(state, [], { run_id: runIdSchema.parse('another') }))).toBe('gap');
  });

  it('[V3] says gap for a batch before any snapshot', () => {
    expect(applyBatch(emptyViewerState, makeBatch(emptyViewerState, []))).toBe('gap');
  });

  it('[V4] returns the state itself for a batch that it has already applied', () => {
    const state = makeState({}, 4);
    const batch = makeBatch(state, [{ type: 'run_update', data: makeRun({ name: 'renamed' }) }]);
    const next = applyBatch(state, batch);
    assert(next !== 'gap');
    expect(next.run?.name).toBe('renamed');
    expect(applyBatch(next, batch)).toBe(next);
  });

  it('[V3] is at the end of the batch afterwards, in the same run and epoch', () => {
    const state = makeState({}, 4);
    expect(applyBatch(state, makeBatch(state, [], { seq: 9 }))).toEqual({ ...state, seq: 9 });
  });
});

describe('applyBatch: what events do', () => {
  it.each(['client_joined', 'client_update'] as const)('[S4] %s replaces the client, known or not', (type) => {
    const state = makeState({ clients: [makeClient({ client_id: 'a', progress: 0.5 })] });
    const data = makeClient({ client_id: 'a', status: 'uploading' });
    const other = makeClient({ client_id: 'b' });
    expect(after(state, { type, data }, { type, data: other }).clients).toEqual({ a: data, b: other });
  });

  it.each(['round_started', 'round_update', 'round_complete'] as const)('[S4] %s replaces the round', (type) => {
    const state = makeState({ rounds: [makeRound({ round: 1 })] });
    const data = makeRound({ round: 1, num_clients_completed: 2 });
    expect(after(state, { type, data }).rounds).toEqual({ 1: data });
  });

  it('[V4] keeps the reference of everything that the batch does not change', () => {
    const state = makeState({
      rounds: [finished(1), makeRound({ round: 2 })],
      clients: [makeClient({ client_id: 'a' }), makeClient({ client_id: 'b' })],
      models: [makeModel({ version: 'v1' })],
      metrics: [makePoint()],
      logs: [makeLog(1)],
    });
    const next = after(state, { type: 'client_update', data: makeClient({ client_id: 'a', progress: 1 }) });
    for (const key of ['run', 'rounds', 'models', 'metrics', 'metrics_history', 'logs'] as const) {
      expect(next[key], key).toBe(state[key]);
    }
    expect(next.clients).not.toBe(state.clients);
    expect(next.clients.b).toBe(state.clients.b);
  });

  it('[V4] keeps the history when a round changes without its figures', () => {
    const state = makeState({ rounds: [finished(1)], metrics_history: [{ round: 1, loss: 1, accuracy: 0.5 }] });
    const next = after(state, roundUpdate({ ...finished(1), reason: 'noted' }));
    expect(next.metrics_history).toBe(state.metrics_history);
  });

  it('[V4] never changes the state that it was given', () => {
    const state = makeState({ rounds: [finished(1)], clients: [makeClient({ client_id: 'a' })], logs: [makeLog(1)] });
    const before = structuredClone(state);
    after(
      state,
      roundUpdate(finished(2)),
      { type: 'client_joined', data: makeClient({ client_id: 'b' }) },
      { type: 'log', data: makeLog(2) },
      { type: 'metric', data: makePoint() },
      { type: 'model_saved', data: makeModel({ version: 'v1' }) },
    );
    expect(state).toEqual(before);
  });

  it('[S10] model_deleted takes the version away, and one it does not know changes nothing', () => {
    const state = makeState({ models: [makeModel({ version: 'v1' }), makeModel({ version: 'v2' })] });
    const deleted = (version: string): LiveEvent => {
      const { run_id, ...model } = makeModel({ version: version });
      return { type: 'model_deleted', data: { run_id, version: model.version } };
    };
    expect(Object.keys(after(state, deleted('v1')).models)).toEqual(['v2']);
    expect(Object.keys(state.models)).toEqual(['v1', 'v2']);
    expect(after(state, deleted('v9')).models).toBe(state.models);
    const again: LiveEvent = { type: 'model_saved', data: makeModel({ version: 'v1', sha256: 'other' }) };
    expect(after(state, deleted('v1'), again).models.v1?.sha256).toBe('other');
  });

  it('[V5] ignores an event of an unknown type', () => {
    const state = makeState({ clients: [makeClient({ client_id: 'a' })] });
    const unknown = { type: 'weather_changed', data: { sun: true } } as unknown as LiveEvent;
    expect(after(state, unknown)).toEqual({ ...state, seq: 2 });
  });

  it('keeps the latest step of each of the server’s own metrics, and no client’s', () => {
    const state = makeState({ metrics: [makePoint({ step: 5 })] });
    const { client_id } = makeClient({ client_id: 'a' });
    const late = after(
      state,
      { type: 'metric', data: makePoint({ step: 4, value: 4 }) },
      { type: 'metric', data: makePoint({ name: 'of a client', client_id }) },
    );
    expect(late.metrics).toEqual({ lr: makePoint({ step: 5 }) });
    const again = makePoint({ step: 5, value: 7, at: noon(1) });
    expect(after(late, { type: 'metric', data: again }).metrics.lr?.value).toBe(7);
    expect(after(late, { type: 'metric', data: makePoint({ step: 6 }) }).metrics.lr?.step).toBe(6);
  });
});

describe('names that objects have already', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];

  it.each(names)('[V7] [L3] a client, a metric and a model called %s are shown', (name) => {
    const client = makeClient({ client_id: name });
    const point = makePoint({ name });
    const model = makeModel({ version: name });
    const whole = makeState({ clients: [client], metrics: [point], models: [model] });
    const grown = after(
      makeState({ clients: [makeClient({ client_id: 'a' })] }),
      { type: 'client_joined', data: client },
      { type: 'metric', data: point },
      { type: 'model_saved', data: model },
      { type: 'client_update', data: makeClient({ client_id: 'a', progress: 1 }) },
    );
    for (const state of [whole, grown]) {
      expect(Object.values(state.clients)).toContainEqual(client);
      expect(Object.values(state.metrics)).toEqual([point]);
      expect(Object.values(state.models)).toEqual([model]);
    }
  });

  it.each(names)('[V7] a client called %s that is not there is not there', (name) => {
    for (const state of [emptyViewerState, makeState(), after(makeState(), { type: 'run_update', data: makeRun() })])
      expect([state.clients[name], state.metrics[name], state.models[name]]).toEqual([undefined, undefined, undefined]);
  });
});

describe('applyBatch: the history', () => {
  const history = [
    { round: 1, loss: 1, accuracy: 0.5 },
    { round: 3, loss: 3, accuracy: 0.5 },
  ];

  it('survives a snapshot and grows by the round that ends', () => {
    const state = makeState({ metrics_history: history });
    expect(after(state, roundUpdate(finished(4))).metrics_history).toEqual([
      ...history,
      { round: 4, loss: 4, accuracy: 0.5 },
    ]);
  });

  it('takes a late round where it belongs', () => {
    const { metrics_history } = after(makeState({ metrics_history: history }), roundUpdate(finished(2)));
    expect(metrics_history.map(({ round }) => round)).toEqual([1, 2, 3]);
  });

  it('corrects an earlier round in its place', () => {
    const { metrics_history } = after(makeState({ metrics_history: history }), roundUpdate(finished(1, 'NaN')));
    expect(metrics_history).toEqual([{ round: 1, loss: 'NaN', accuracy: 0.5 }, history[1]]);
  });

  it('has no point for a round without figures', () => {
    const state = makeState({ metrics_history: history });
    expect(after(state, roundUpdate(makeRound({ round: 4 }))).metrics_history).toBe(state.metrics_history);
  });

  it('keeps the points of rounds that the list of rounds has dropped', () => {
    const rounds = Array.from({ length: limits.snapshotRounds }, (_, index) => finished(index + 1));
    const points = rounds.map(({ round }) => ({ round, loss: round, accuracy: 0.5 }));
    const next = after(
      makeState({ rounds, metrics_history: points }),
      roundUpdate(finished(limits.snapshotRounds + 1)),
    );
    expect(next.rounds[1]).toBeUndefined();
    expect(next.metrics_history[0]).toEqual(points[0]);
  });
});

describe('applyBatch: bounds', () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it(`[V1] keeps the newest ${limits.snapshotRounds} rounds`, () => {
    const state = makeState({ rounds: upTo(limits.snapshotRounds).map((round) => makeRound({ round })) });
    const { rounds } = after(state, roundUpdate(makeRound({ round: limits.snapshotRounds + 1 })));
    expect(Object.keys(rounds)).toEqual(upTo(limits.snapshotRounds).map((round) => String(round + 1)));
  });

  it(`[V1] keeps the newest ${limits.historyPoints} points of the history`, () => {
    const state = makeState({
      metrics_history: upTo(limits.historyPoints).map((round) => ({ round, loss: round, accuracy: null })),
    });
    const { metrics_history } = after(state, roundUpdate(finished(limits.historyPoints + 1)));
    expect(metrics_history).toHaveLength(limits.historyPoints);
    expect([metrics_history[0]?.round, metrics_history.at(-1)?.round]).toEqual([2, limits.historyPoints + 1]);
  });

  it(`[V1] keeps the newest ${limits.snapshotLogs} log lines, by id, each once`, () => {
    const state = makeState({ logs: upTo(limits.snapshotLogs).map((id) => makeLog(id * 2)) });
    const { logs } = after(
      state,
      { type: 'log', data: makeLog(9) },
      { type: 'log', data: makeLog(10, 'again') },
      { type: 'log', data: makeLog(1_000) },
    );
    expect(logs).toHaveLength(limits.snapshotLogs);
    expect(logs.slice(0, 5).map(({ log_id }) => log_id)).toEqual([6, 8, 9, 10, 12]);
    expect(logs[3]?.message).toBe('again');
    expect(logs.at(-1)?.log_id).toBe(1_000);
  });

  it(`[V1] keeps the newest ${limits.snapshotModels} models`, () => {
    const state = makeState({
      models: upTo(limits.snapshotModels).map((id) => makeModel({ version: `v${id}`, created_at: noon(id) })),
    });
    const { models } = after(state, {
      type: 'model_saved',
      data: makeModel({ version: 'newest', created_at: noon(10_000) }),
    });
    expect(Object.keys(models)).toHaveLength(limits.snapshotModels);
    expect(models.v1).toBeUndefined();
    expect(models.newest).toBeDefined();
  });
});

it('[S4] the factories of this test say what the wire says', () => {
  expect(liveEventSchema.parse(roundUpdate(finished(1)))).toEqual(roundUpdate(finished(1)));
});
