import { accountOf } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { makeRun, type TestRun } from '../../testing/facts.ts';
import { noon, reduced } from '../../testing/run-state.ts';
import type { Input, Notice } from './state.ts';

const second = (count: number) => new Date(Date.parse(noon) + count * 1_000).toISOString();

const start = (run: TestRun, round = 1) => run.say('round_started', { round, client_ids: ['a', 'b'], at: second(1) });
const result = (run: TestRun, at = second(3)) =>
  run.say('client_result', { round: 1, client_id: 'a', sample_count: 10, at });
const ask = (run: TestRun, command_id: string, round: number | null = 1, at = second(2)): Notice => ({
  type: 'stop_requested',
  run_id: run.id,
  command_id,
  round,
  reason: `because of ${command_id}`,
  requested_by: 'ada',
  at,
  expires_at: second(300),
});
const expire = (run: TestRun, command_id: string, at = second(300)): Notice => ({
  type: 'command_expired',
  run_id: run.id,
  command_id,
  at,
});
const say = (
  run: TestRun,
  command_id: string,
  state: 'delivered' | 'applied' | 'rejected',
  at = second(4),
  detail?: string,
): Input => ({ ...run.say('command_ack', { command_id, state, at, detail }), reporter_id: 'a-reporter' });

/** Round 1 under way, its stop asked for, then the rest. */
const asked = (run: TestRun, ...rest: Input[]) => reduced([start(run), ask(run, 'x'), ...rest]);

describe('a stop', () => {
  it('[C3] is shown with its round from the moment it is asked', () => {
    const run = makeRun();
    const { round, state } = asked(run);
    expect(round(1)).toMatchObject({
      status: 'collecting',
      stop_requested_at: second(2),
      stop_reason: 'because of x',
      stop: {
        command_id: 'x',
        command: 'stop_round',
        state: 'requested',
        reason: 'because of x',
        requested_by: 'ada',
        requested_at: second(2),
        delivered_at: null,
        ended_at: null,
        detail: null,
        expires_at: second(300),
      },
    });
    expect(state.commands.get('x')).toMatchObject({ run_id: run.id, round: 1, delivered_by: null, ended_by: null });
  });

  it('[C1] asked again while it is open stays the same', () => {
    const run = makeRun();
    const { round, state } = asked(run, ask(run, 'y', 1, second(3)));
    expect(round(1).stop?.command_id).toBe('x');
    expect([...state.commands.keys()]).toEqual(['x']);
    expect(asked(run, say(run, 'x', 'delivered'), ask(run, 'y')).round(1).stop?.command_id).toBe('x');
  });

  it('[C1] is not asked of a round or a run that is over', () => {
    const run = makeRun();
    const ended = [
      start(run),
      run.say('round_complete', { round: 1 }),
      run.say('run_complete', { status: 'complete' }),
    ];
    const { round, run: row, state } = reduced([...ended, ask(run, 'x'), ask(run, 'y', null)]);
    expect([round(1).stop, round(1).stop_requested_at, row.stop, state.commands.size]).toEqual([null, null, null, 0]);
  });

  it('[C3] stores when it was delivered and applied, and by which reporter', () => {
    const run = makeRun();
    const { round, state } = asked(
      run,
      say(run, 'x', 'delivered', second(3)),
      say(run, 'x', 'applied', second(4), 'kept 1'),
    );
    expect(round(1)).toMatchObject({ stop_requested_at: second(2), stop: { state: 'applied', detail: 'kept 1' } });
    expect(state.commands.get('x')).toMatchObject({
      delivered_at: second(3),
      delivered_by: 'a-reporter',
      ended_at: second(4),
      ended_by: 'a-reporter',
    });
  });

  it('[C3] never ends before it was asked, whatever the clock of the FL server says', () => {
    const run = makeRun();
    const { stop } = asked(run, say(run, 'x', 'delivered', second(-60)), say(run, 'x', 'rejected', second(-59))).round(
      1,
    );
    expect([stop?.delivered_at, stop?.ended_at]).toEqual([second(2), second(2)]);
  });

  it.each(['rejected', 'expired'] as const)('[C1] that is %s is no longer asked for, and may be asked again', (end) => {
    const run = makeRun();
    const over = asked(run, end === 'rejected' ? say(run, 'x', 'rejected') : expire(run, 'x'));
    expect(over.round(1)).toMatchObject({ stop: { state: end }, stop_requested_at: null, stop_reason: null });
    const again = over.next([ask(run, 'y', 1, second(400))]);
    expect(again.round(1)).toMatchObject({
      stop: { command_id: 'y', state: 'requested' },
      stop_reason: 'because of y',
    });
    expect(again.state.commands.get('x')?.state).toBe(end);
  });
});

describe('a stop without a confirmation', () => {
  it('[C4] expires at its time and not before', () => {
    const run = makeRun();
    expect(asked(run, expire(run, 'x', second(299))).round(1).stop?.state).toBe('requested');
    expect(asked(run, expire(run, 'x')).round(1).stop).toMatchObject({
      state: 'expired',
      ended_at: second(300),
      detail: 'the FL server did not take it within 298 s',
    });
  });

  it('[C4] says so when the FL server had taken it', () => {
    const run = makeRun();
    const { stop } = asked(run, say(run, 'x', 'delivered'), expire(run, 'x')).round(1);
    expect(stop?.detail).toBe('the FL server did not confirm it within 298 s');
  });

  it('[C6] is applied all the same when that is said late, and says so', () => {
    const run = makeRun();
    const expired = asked(run, expire(run, 'x'));
    const delivered = expired.next([say(run, 'x', 'delivered', second(310))]);
    expect(delivered.round(1).stop).toMatchObject({ state: 'expired', delivered_at: second(310) });
    const { round } = delivered.next([say(run, 'x', 'applied', second(311))]);
    expect(round(1)).toMatchObject({
      status: 'stopped',
      stop_requested_at: second(2),
      stop: { state: 'applied', ended_at: second(311), detail: 'answered after it had expired' },
    });
  });

  it('[C6] said late of a request that a newer one has replaced, stays with the old one', () => {
    const run = makeRun();
    const renewed = asked(run, expire(run, 'x'), ask(run, 'y', 1, second(301)));
    const { round, state } = renewed.next([say(run, 'x', 'rejected', second(302))]);
    expect(round(1).stop).toMatchObject({ command_id: 'y', state: 'requested' });
    expect(state.commands.get('x')?.state).toBe('rejected');
  });
});

describe('what ends by itself', () => {
  it.each([
    [(run: TestRun) => run.say('round_complete', { round: 1, at: second(5) }), 'completed'],
    [(run: TestRun) => run.say('round_failed', { round: 1, reason: 'x', at: second(5) }), 'failed'],
  ])('[C5] %s rejects the open stop, as it %s', (end, how) => {
    const run = makeRun();
    const { round, state } = asked(run, end(run));
    expect(round(1)).toMatchObject({
      stop_requested_at: null,
      stop: { state: 'rejected', detail: `the round ${how} before it could be stopped`, ended_at: second(5) },
    });
    expect(state.commands.get('x')).toMatchObject({ state: 'rejected', ended_by: null });
  });

  it('[C5] round_stopped is what was asked for; the FL server’s own answer completes it', () => {
    const run = makeRun();
    const stopped = asked(run, run.say('round_stopped', { round: 1, reason: 'asked to', at: second(5) }));
    expect(stopped.round(1).stop).toMatchObject({ state: 'applied', ended_at: second(5) });
    const { state } = stopped.next([say(run, 'x', 'applied', second(6), 'kept 1 of 2')]);
    expect(state.commands.get('x')).toMatchObject({
      ended_at: second(5),
      ended_by: 'a-reporter',
      detail: 'kept 1 of 2',
    });
  });

  it('[C6] the FL server’s reply replaces what the server concluded, and its first reply stays', () => {
    const run = makeRun();
    const completed = asked(run, run.say('round_complete', { round: 1, at: second(5) }));
    const applied = completed.next([say(run, 'x', 'applied', second(4))]);
    expect(applied.round(1)).toMatchObject({ status: 'complete', stop: { state: 'applied' } });
    for (const state of ['delivered', 'rejected', 'applied'] as const) {
      expect(applied.next([say(run, 'x', state, second(9))]).round(1)).toEqual(applied.round(1));
    }
  });
});

describe('applied', () => {
  it('[C7] closes the round as of that moment, with what has come back', () => {
    const run = makeRun();
    const { round } = asked(run, result(run), say(run, 'x', 'applied'));
    expect(round(1)).toMatchObject({ status: 'stopped', reason: 'because of x', completed_at: second(4) });
    expect(accountOf(round(1))).toEqual({
      selected: 2,
      pending: 0,
      complete: 1,
      failed: 0,
      no_reply: 1,
      unreported: 0,
    });
  });

  it('[C7] to the whole run closes nothing before the run says that it is over', () => {
    const run = makeRun();
    const all = [start(run), start(run, 2), ask(run, 'x'), ask(run, 'all', null), say(run, 'all', 'delivered')];
    const stopping = reduced([...all, say(run, 'all', 'applied', second(5))]);
    expect(stopping.run).toMatchObject({ status: 'running', stop: { command: 'stop_run', state: 'applied' } });
    expect(stopping.round(1)).toMatchObject({ status: 'collecting', stop: { state: 'requested' } });
    const end = run.say('run_complete', { status: 'stopped', reason: 'asked to', at: second(6) });
    const { run: row, round } = stopping.next([end]);
    expect(row).toMatchObject({ status: 'stopped', reason: 'asked to', stop: { state: 'applied' } });
    expect([round(1).status, round(2).status]).toEqual(['stopped', 'stopped']);
    expect(round(1).stop).toMatchObject({ command: 'stop_round', state: 'applied' });
  });

  it('[C5] run_complete ends the request to stop the run', () => {
    const run = makeRun();
    for (const [status, state] of [
      ['stopped', 'applied'],
      ['complete', 'rejected'],
      ['failed', 'rejected'],
    ] as const) {
      const end = run.say('run_complete', { status, at: second(9) });
      expect(reduced([start(run), ask(run, 'all', null), end]).run.stop?.state).toBe(state);
    }
  });

  it('[C7] of newer work is undone by that work', () => {
    const run = makeRun();
    const stopped = asked(run, say(run, 'x', 'applied'));
    const next = stopped.next([run.say('round_update', { round: 1, status: 'aggregating', at: second(6) })]);
    expect(next.round(1)).toMatchObject({ status: 'aggregating', stop: { state: 'applied' } });
  });
});

it('a reply to an unknown command changes nothing', () => {
  const run = makeRun();
  const { state } = asked(run);
  expect(asked(run, say(run, 'unknown', 'applied')).state).toEqual(state);
});
