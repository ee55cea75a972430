import type { Fact, FactOf } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { deadlineMs } from './pace.ts';
import { runFederation } from './testing/run-federation.ts';

const of = <T extends Fact['type']>(facts: readonly Fact[], type: T) =>
  facts.filter((fact): fact is FactOf<T> => fact.type === type);

// Read by several tests, changed by none: long enough for every outcome to occur.
const longRun = runFederation({ rounds: 60 });

/** The reported facts of each round's clients. */
function accounts(facts: readonly Fact[]) {
  return of(facts, 'round_started').map(({ round, client_ids }) => {
    const idsOf = (type: 'client_result' | 'client_failed' | 'client_no_reply') =>
      of(facts, type).flatMap((fact) => (fact.round === round ? [fact.client_id] : []));
    const complete = idsOf('client_result');
    const failed = idsOf('client_failed');
    const no_reply = idsOf('client_no_reply');
    return { round, selected: client_ids ?? [], complete, failed, no_reply };
  });
}

describe('the federation', () => {
  it('[A1] accounts for every selected client once, in every round', async () => {
    const { facts } = await longRun;
    const rounds = accounts(facts);
    for (const { selected, complete, failed, no_reply } of rounds) {
      expect([...complete, ...failed, ...no_reply].sort()).toEqual([...selected].sort());
    }
    expect(rounds.some(({ failed }) => failed.length > 0)).toBe(true);
    expect(rounds.some(({ no_reply }) => no_reply.length > 0)).toBe(true);
  });

  it('reports each round from its start to its end, and the run from joining to its end', async () => {
    const { facts } = await runFederation({ rounds: 2 });
    const lifecycle = facts.filter(({ type }) => type.startsWith('round_') || type.startsWith('run_'));
    expect(lifecycle.map(({ type }) => type)).toEqual([
      ...['round_started', 'round_update', 'round_complete'],
      ...['round_started', 'round_update', 'round_complete'],
      'run_complete',
    ]);
    expect(of(facts, 'client_joined').length).toBeGreaterThanOrEqual(12);
    expect(facts.at(-1)).toMatchObject({ type: 'run_complete', status: 'complete' });
  });

  it('learns: the held-out loss falls and the accuracy rises over ten rounds', async () => {
    const { rounds } = await runFederation({ rounds: 10 });
    expect(rounds.at(-1)?.loss).toBeLessThan(0.8 * (rounds[0]?.loss ?? 0));
    expect(rounds.at(-1)?.accuracy).toBeGreaterThan(rounds[0]?.accuracy ?? 1);
  });

  it('says the same for the same seed, and something else for another', async () => {
    const [one, again, other] = await Promise.all([1, 1, 2].map((seed) => runFederation({ seed })));
    expect(again?.facts).toEqual(one?.facts);
    expect(other?.rounds).not.toEqual(one?.rounds);
  });

  it('completes at least ten rounds of 30 clients in the first minute', async () => {
    const { clock, rounds } = await runFederation({ rounds: 10, clientsPerRound: 12 });
    const startMs = Date.UTC(2026, 0, 31, 12);
    expect(rounds).toHaveLength(10);
    expect(clock.nowMs - startMs).toBeLessThan(60_000);
  });

  it('says no_reply only at the deadline', async () => {
    const { facts } = await longRun;
    const silences = of(facts, 'client_no_reply');
    expect(silences.length).toBeGreaterThan(0);
    for (const { waited_ms } of silences) expect(waited_ms).toBeCloseTo(deadlineMs, 0);
  });

  it('gets a heartbeat from every online client every 5 s', async () => {
    const { facts } = await runFederation({ rounds: 8 });
    const left = new Set(
      [...of(facts, 'client_left'), ...of(facts, 'client_no_reply')].map(({ client_id }) => client_id),
    );
    const [steady] = of(facts, 'client_joined').filter(({ client_id }) => !left.has(client_id));
    const beats = of(facts, 'client_heartbeat').filter(({ client_id }) => client_id === steady?.client_id);
    const gaps = beats.slice(1).map(({ at }, index) => Date.parse(at) - Date.parse(beats[index]?.at ?? ''));
    expect(gaps.length).toBeGreaterThan(1);
    for (const gap of gaps) expect(Math.abs(gap - 5_000)).toBeLessThan(5);
  });

  it('gets no report from a client that fell silent until the round is over', async () => {
    const { facts } = await longRun;
    for (const { client_id, round, at } of of(facts, 'client_no_reply')) {
      const last = of(facts, 'client_status').findLast((fact) => fact.client_id === client_id && fact.round === round);
      const quarterMs = 850 * 3 * 1.15 * 0.25;
      const beats = of(facts, 'client_heartbeat').filter(
        (beat) =>
          beat.client_id === client_id &&
          Date.parse(beat.at) > Date.parse(last?.at ?? '') + quarterMs &&
          Date.parse(beat.at) < Date.parse(at),
      );
      expect(beats).toEqual([]);
    }
  });

  it('lets clients leave and return', async () => {
    const { facts } = await longRun;
    const [left] = of(facts, 'client_left');
    const returned = of(facts, 'client_joined').find(
      ({ client_id, at }) => client_id === left?.client_id && at > left.at,
    );
    expect(returned).toBeDefined();
  });
});

describe('stopping', () => {
  it('stop_round closes the round at once with what has come, and goes on with the next', async () => {
    let stoppedAt = '';
    const { facts } = await runFederation({ rounds: 3 }, (fact, federation) => {
      if (fact.type !== 'client_result' || fact.round !== 2 || stoppedAt) return;
      stoppedAt = fact.at;
      expect(federation.stopRound(2, 'too slow')).toBeNull();
    });
    const [, second, third] = accounts(facts);
    expect(of(facts, 'round_stopped')).toMatchObject([{ round: 2, reason: 'too slow', at: stoppedAt }]);
    expect(second?.complete).toHaveLength(1);
    expect(second?.no_reply.length).toBe((second?.selected.length ?? 0) - 1 - (second?.failed.length ?? 0));
    expect(third?.complete.length).toBeGreaterThan(1);
  });

  it('stop_round keeps the partial result: the model has moved', async () => {
    const { rounds } = await runFederation({ rounds: 1 }, (fact, federation) => {
      if (fact.type === 'client_result') federation.stopRound(null, 'enough');
    });
    expect(rounds[0]).toMatchObject({ complete: 1, stopReason: 'enough' });
    // The loss of a model that knows nothing is ln 10.
    expect(rounds[0]?.loss).not.toBeCloseTo(Math.log(10), 2);
  });

  it('refuses to stop a round that is not open', async () => {
    const refusals: (string | null)[] = [];
    await runFederation({ rounds: 1 }, (fact, federation) => {
      if (fact.type === 'client_result') refusals.push(federation.stopRound(7, 'x'));
      if (fact.type === 'round_complete') refusals.push(federation.stopRound(1, 'x'));
    });
    expect(new Set(refusals)).toEqual(new Set(['round 7 is not open', 'round 1 is not open']));
  });

  it('stop_run closes the round and the run at once', async () => {
    const { facts } = await runFederation({ rounds: 5 }, (fact, federation) => {
      if (fact.type === 'round_started' && fact.round === 2) federation.stopRun('enough');
    });
    expect(of(facts, 'round_started')).toHaveLength(2);
    expect(facts.slice(-2)).toMatchObject([
      { type: 'round_stopped', round: 2 },
      { type: 'run_complete', status: 'stopped', reason: 'enough' },
    ]);
  });
});
