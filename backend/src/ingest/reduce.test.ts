import { accountOf, type ClientId } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { makeRun, type TestRun } from '../../testing/facts.ts';
import { emptyState, fold, look, noon, reduced } from '../../testing/run-state.ts';
import { reduce } from './reduce.ts';

/** The moment so many seconds after noon, which is the server’s time. */
const second = (count: number) => new Date(Date.parse(noon) + count * 1_000).toISOString();

const join = (run: TestRun, client_id: string, at = second(0)) => run.say('client_joined', { client_id, at });
const select = (run: TestRun, client_ids: string[], at = second(1), round = 1) =>
  run.say('round_started', { round, client_ids, at });
const expectMany = (run: TestRun, num_clients_expected: number, at = second(1)) =>
  run.say('round_started', { round: 1, num_clients_expected, at });
const status = (
  run: TestRun,
  client_id: string,
  is: 'idle' | 'training' | 'uploading' | 'offline',
  at: string,
  round = 1,
) => run.say('client_status', { client_id, status: is, round, at });
const result = (run: TestRun, client_id: string, at = second(5), round = 1) =>
  run.say('client_result', { round, client_id, sample_count: 10, train_loss: 0.5, at });
const failure = (run: TestRun, client_id: string, at = second(5)) =>
  run.say('client_failed', { round: 1, client_id, reason: 'out of memory', at });
const noReply = (run: TestRun, client_id: string, at = second(6)) =>
  run.say('client_no_reply', { round: 1, client_id, waited_ms: 5_000, at });
const complete = (run: TestRun, at = second(9), round = 1, global_loss: number | null = 0.1) =>
  run.say('round_complete', { round, global_loss, at });
const update = (run: TestRun, at: string) => run.say('round_update', { round: 1, status: 'collecting', at });
const heartbeat = (run: TestRun, client_id: string, at: string) => run.say('client_heartbeat', { client_id, at });
const silence = (run: TestRun, client_id: string, silent_since = noon) =>
  ({ type: 'client_silent', run_id: run.id, client_id: client_id as ClientId, silent_since }) as const;

describe('the account of a round', () => {
  it('[A1] has a part for each of the selected', () => {
    const run = makeRun();
    const { round } = reduced([
      select(run, ['a', 'b', 'c', 'd']),
      result(run, 'a'),
      failure(run, 'b'),
      noReply(run, 'c'),
    ]);
    expect(accountOf(round(1))).toEqual({
      selected: 4,
      pending: 1,
      complete: 1,
      failed: 1,
      no_reply: 1,
      unreported: 0,
    });
    expect(round(1).progress_percent).toBe(75);
  });

  it('[A1] counts the selected who have no name as pending', () => {
    const run = makeRun();
    const { round } = reduced([expectMany(run, 5), result(run, 'a')]);
    expect(accountOf(round(1))).toEqual({
      selected: 5,
      pending: 4,
      complete: 1,
      failed: 0,
      no_reply: 0,
      unreported: 0,
    });
  });

  it('[A1] selects clients that return a result beyond the announced number', () => {
    const run = makeRun();
    const { round } = reduced([expectMany(run, 1), result(run, 'a'), result(run, 'b')]);
    expect(accountOf(round(1))).toMatchObject({ selected: 2, complete: 2, pending: 0 });
  });

  it('[A2] once the round is over, the unanswered are no_reply if they have a name, else unreported', () => {
    const run = makeRun();
    const { round, update, client } = reduced([
      select(run, ['a', 'b']),
      expectMany(run, 4),
      result(run, 'a'),
      complete(run),
    ]);
    expect(accountOf(round(1))).toEqual({
      selected: 4,
      pending: 0,
      complete: 1,
      failed: 0,
      no_reply: 1,
      unreported: 2,
    });
    expect(update(1, 'b').outcome).toBe('no_reply');
    expect(client('b').round_outcome).toBe('no_reply');
  });

  it('[A2] a selection that arrives after the round’s end leaves no client pending', () => {
    const run = makeRun();
    const { round, client } = reduced([complete(run, second(9)), select(run, ['a'], second(1))]);
    expect(accountOf(round(1))).toMatchObject({ selected: 1, pending: 0, no_reply: 1 });
    expect(round(1).status).toBe('complete');
    expect(client('a')).toMatchObject({ status: 'idle', round_outcome: 'no_reply' });
  });

  it('[A3] a result after the round’s end moves no_reply to complete, and the round stays over', () => {
    const run = makeRun();
    const { round, update, client } = reduced([select(run, ['a']), complete(run), result(run, 'a', second(12))]);
    expect(accountOf(round(1))).toEqual({
      selected: 1,
      pending: 0,
      complete: 1,
      failed: 0,
      no_reply: 0,
      unreported: 0,
    });
    expect(round(1).status).toBe('complete');
    expect(update(1, 'a')).toMatchObject({ outcome: 'complete', sample_count: 10, submitted_at: second(12) });
    expect(client('a').round_outcome).toBe('complete');
  });

  it('[A3] a result after the round’s end takes the place of one who had no name', () => {
    const run = makeRun();
    const { round } = reduced([expectMany(run, 3), complete(run), result(run, 'late', second(12))]);
    expect(accountOf(round(1))).toEqual({
      selected: 3,
      pending: 0,
      complete: 1,
      failed: 0,
      no_reply: 0,
      unreported: 2,
    });
  });

  it.each([
    ['no_reply', 'failed', [noReply, failure]],
    ['no_reply', 'complete', [noReply, result]],
    ['failed', 'complete', [failure, result]],
  ] as const)('[A3] %s becomes %s, and never the other way', (_, stronger, [weak, strong]) => {
    const run = makeRun();
    const facts = [weak(run, 'a'), strong(run, 'a')] as const;
    for (const order of [facts, [...facts].reverse()]) {
      const { round, update } = reduced([select(run, ['a']), ...order]);
      expect(update(1, 'a').outcome).toBe(stronger);
      expect(accountOf(round(1))).toMatchObject({ selected: 1, pending: 0 });
    }
  });

  it('[A3] a result says no error, even after a failure', () => {
    const run = makeRun();
    expect(reduced([select(run, ['a']), failure(run, 'a'), result(run, 'a')]).update(1, 'a').error).toBeNull();
  });
});

describe('facts in any order', () => {
  it('[F2] a repeated round_started after round_complete changes nothing', () => {
    const run = makeRun();
    const started = select(run, ['a', 'b']);
    const { state } = reduced([started, result(run, 'a'), complete(run)]);
    const again = reduce(state, [started], noon);
    expect(again).toMatchObject({ run: null, rounds: new Map(), clients: new Map(), updates: new Map() });
    expect([...again.duplicates]).toEqual([0]);
  });

  it('[F2] a repeated client_left after the client came back does not disconnect it again', () => {
    const run = makeRun();
    const left = run.say('client_left', { client_id: 'a', at: second(2) });
    const { client } = reduced([join(run, 'a'), left, heartbeat(run, 'a', second(3)), left]);
    expect(client('a')).toMatchObject({ is_online: true, status: 'idle' });
  });

  it('[F2] a status from before a silence, repeated after it, changes nothing', () => {
    const run = makeRun();
    const uploading = status(run, 'a', 'uploading', second(3));
    const { state } = reduced([select(run, ['a']), uploading, silence(run, 'a'), heartbeat(run, 'a', second(8))]);
    expect([...reduce(state, [uploading], noon).duplicates]).toEqual([0]);
  });

  it('[F2] an earlier deadline or figure, repeated, does not come back', () => {
    const run = makeRun();
    const first = run.say('round_started', { round: 1, client_ids: ['a'], deadline: second(30), at: second(1) });
    const later = run.say('round_started', { round: 1, client_ids: ['a'], deadline: second(60), at: second(2) });
    const figures = complete(run, second(9), 1, 0.9);
    const { round } = reduced([first, later, figures, complete(run, second(10), 1, 0.2), first, figures]);
    expect(round(1)).toMatchObject({ deadline: second(60), global_loss: 0.2 });
  });

  it('[F3] a status that was overtaken is ignored', () => {
    const run = makeRun();
    const { client } = reduced([status(run, 'a', 'uploading', second(3)), status(run, 'a', 'training', second(2))]);
    expect(client('a').status).toBe('uploading');
  });

  it('[F3] a selection that was overtaken by the client’s own word does not turn it back', () => {
    const run = makeRun();
    const { client } = reduced([status(run, 'a', 'uploading', second(3)), select(run, ['a'], second(1))]);
    expect(client('a')).toMatchObject({ status: 'uploading', round_outcome: 'pending', current_round: 1 });
  });

  it('[F3] round_update that was overtaken by round_complete does not reopen the round', () => {
    const run = makeRun();
    const aggregating = run.say('round_update', { round: 1, status: 'aggregating', at: second(8) });
    expect(reduced([select(run, ['a']), complete(run, second(9)), aggregating]).round(1).status).toBe('complete');
  });

  it('[F3] the status of an earlier round is ignored', () => {
    const run = makeRun();
    const { client } = reduced([select(run, ['a'], second(1), 2), status(run, 'a', 'uploading', second(5), 1)]);
    expect(client('a')).toMatchObject({ status: 'training', current_round: 2, round_outcome: 'pending' });
  });

  it('[F3] a result of an earlier round counts there and leaves the client in its newer one', () => {
    const run = makeRun();
    const { client, round } = reduced([
      select(run, ['a'], second(1), 1),
      select(run, ['a'], second(3), 2),
      result(run, 'a', second(4), 1),
    ]);
    expect(round(1).num_clients_completed).toBe(1);
    expect(client('a')).toMatchObject({ current_round: 2, round_outcome: 'pending', status: 'training' });
  });

  it('[F3] an offline that is older than the last sign of life is ignored', () => {
    const run = makeRun();
    const facts = [
      heartbeat(run, 'a', second(8)),
      status(run, 'a', 'offline', second(5)),
      heartbeat(run, 'a', second(8)),
    ];
    expect(reduced(facts).client('a').is_online).toBe(true);
  });

  it('[F3] what a client did before it left does not bring it back', () => {
    const run = makeRun();
    const left = run.say('client_left', { client_id: 'a', at: second(8) });
    const { client, update } = reduced([
      select(run, ['a']),
      left,
      result(run, 'a', second(5)),
      join(run, 'a', second(0)),
    ]);
    expect(update(1, 'a').outcome).toBe('complete');
    expect(client('a')).toMatchObject({ is_online: false, status: 'offline', round_outcome: 'complete' });
  });

  it('[F3] facts of one and the same moment end as they follow each other, round after round', () => {
    const run = makeRun();
    const at = second(1);
    const inRound = (round: number) => [
      select(run, ['a'], at, round),
      status(run, 'a', 'training', at, round),
      status(run, 'a', 'uploading', at, round),
    ];
    const uploading = reduced([
      join(run, 'a', at),
      ...inRound(1),
      result(run, 'a', at),
      complete(run, at),
      ...inRound(2),
    ]);
    expect(uploading.client('a')).toMatchObject({ status: 'uploading', current_round: 2, round_outcome: 'pending' });
    const { client, round } = uploading.next([result(run, 'a', at, 2), complete(run, at, 2)]);
    expect(client('a')).toMatchObject({ status: 'idle', round_outcome: 'complete', progress: 1 });
    expect([round(1).status, round(2).status]).toEqual(['complete', 'complete']);
  });

  it('[F3] a round_complete that was overtaken still fills in the figures that are missing', () => {
    const run = makeRun();
    const stopped = run.say('round_stopped', { round: 1, reason: 'asked to', at: second(12) });
    const { round } = reduced([select(run, ['a']), stopped, complete(run, second(9))]);
    expect(round(1)).toMatchObject({ status: 'stopped', reason: 'asked to', global_loss: 0.1 });
  });
});

describe('facts about the unknown', () => {
  it('[F4] a result creates its round and its client', () => {
    const run = makeRun();
    const { round, client, state } = reduced([result(run, 'a', second(5), 7)]);
    expect(round(7)).toMatchObject({ status: 'collecting', num_clients_expected: 1, num_clients_completed: 1 });
    expect(client('a')).toMatchObject({ current_round: 7, round_outcome: 'complete', is_online: true });
    expect(state.run).toMatchObject({ current_round: 7, num_clients: 1, name: run.id, framework: null });
  });

  it('[F4] run_started that comes late names the run and keeps what is known of it', () => {
    const run = makeRun();
    const started = run.say('run_started', { name: 'Hearts', framework: 'flower', num_rounds: 3, at: second(0) });
    const late = reduced([result(run, 'a'), started]).run;
    expect(late).toMatchObject({
      name: 'Hearts',
      num_rounds: 3,
      num_clients: 1,
      current_round: 1,
      started_at: second(0),
    });
  });

  it('[F7] a run that is announced again keeps what an admin named, and takes the rest', () => {
    const run = makeRun();
    const announce = (name: string, num_rounds: number) =>
      run.say('run_started', { name, framework: 'flower', num_rounds, tags: [name] });
    const edited = { type: 'run_edited', run_id: run.id } as const;
    const renamed = reduced([announce('a', 1), { ...edited, name: 'Hearts' }, { ...edited, notes: 'good' }]);
    const again = renamed.next([announce('b', 2)]);
    expect(again.run).toMatchObject({ name: 'Hearts', tags: ['b'], notes: 'good', num_rounds: 2 });
    const tagged = again.next([{ ...edited, tags: ['best'] }]).next([announce('c', 3)]);
    expect(tagged.run).toMatchObject({ name: 'Hearts', tags: ['best'], num_rounds: 3 });
  });

  it('[F4] the run’s newest round is the highest, in whatever order they come', () => {
    const run = makeRun();
    expect(reduced([complete(run, second(3), 3), complete(run, second(2), 2)]).run.current_round).toBe(3);
  });
});

describe('telemetry', () => {
  it('[F6] privacy_spent is a point of each of two series', () => {
    const run = makeRun();
    const spent = run.say('privacy_spent', { epsilon: 'Infinity', delta: 1e-5, round: 4 });
    expect(reduce(emptyState(run.id), [spent], noon).points).toMatchObject([
      { name: 'privacy_epsilon', step: 4, value: 'Infinity', client_id: '' },
      { name: 'privacy_delta', step: 4, value: 1e-5, client_id: '' },
    ]);
  });

  it('[F6] without a round, a point is placed at its moment', () => {
    const run = makeRun();
    const spent = run.say('privacy_spent', { epsilon: 1, delta: 0, at: second(3) });
    expect(reduce(emptyState(run.id), [spent], noon).points[0]?.step).toBe(Date.parse(second(3)));
  });

  it('[L4] a metric of a client is a sign of its life', () => {
    const run = makeRun();
    const metric = run.say('metric', { name: 'loss', value: 1, step: 1, client_id: 'a', at: second(9) });
    const { client } = reduced([join(run, 'a'), silence(run, 'a'), metric]);
    expect(client('a').is_online).toBe(true);
  });
});

describe('life and silence', () => {
  it('[L3] newer work reopens a run that was over', () => {
    const run = makeRun();
    const over = reduced([run.say('run_complete', { status: 'failed', reason: 'crashed', at: second(3) })]);
    expect(over.run).toMatchObject({ status: 'failed', reason: 'crashed', completed_at: second(3) });
    expect(over.next([select(run, ['a'], second(4))]).run).toMatchObject({
      status: 'running',
      reason: null,
      completed_at: null,
    });
  });

  it('[L3] work from before the run’s end leaves it over', () => {
    const run = makeRun();
    const over = run.say('run_complete', { status: 'complete', at: second(3) });
    expect(reduced([over, result(run, 'a', second(2))]).run.status).toBe('complete');
  });

  it('[L3] an end ends the run whatever its moment says, and once only', () => {
    const run = makeRun();
    const crashed = run.say('run_complete', { status: 'failed', at: second(3) });
    for (const work of [select(run, ['a'], second(4)), result(run, 'a', second(4)), update(run, second(4))]) {
      const ended = reduced([work, crashed]);
      expect(ended.run.status).toBe('failed');
      const reopened = ended.next([select(run, ['a'], second(5), 2)]);
      expect(reopened.run.status).toBe('running');
      expect(reopened.next([crashed]).run.status).toBe('running');
    }
  });

  it.each(['stopped', 'failed'] as const)(
    '[L5] a run that %s closes its open rounds, reported before or after',
    (status) => {
      const run = makeRun();
      const end = run.say('run_complete', { status, reason: 'asked to', at: second(9) });
      const [first, second_] = [complete(run, second(3), 1), select(run, ['a', 'b'], second(4), 2)];
      const answered = result(run, 'a', second(5), 2);
      for (const { round, client } of [
        reduced([first, second_, answered, end]),
        reduced([first, end, second_, answered]),
      ]) {
        expect(round(1).status).toBe('complete');
        expect(round(2)).toMatchObject({ status, reason: 'asked to', completed_at: second(9) });
        expect(accountOf(round(2))).toEqual({
          selected: 2,
          pending: 0,
          complete: 1,
          failed: 0,
          no_reply: 1,
          unreported: 0,
        });
        expect(client('b').round_outcome).toBe('no_reply');
      }
    },
  );

  it('[L8] a newer round_started opens the round again, with a new account', () => {
    const run = makeRun();
    const failed = run.say('round_failed', { round: 1, reason: 'too few', at: second(3) });
    const { round } = reduced([select(run, ['a'], second(1)), failed, select(run, ['a', 'b'], second(4))]);
    expect(round(1)).toMatchObject({ status: 'collecting', reason: null, completed_at: null });
    expect(accountOf(round(1))).toEqual({
      selected: 2,
      pending: 2,
      complete: 0,
      failed: 0,
      no_reply: 0,
      unreported: 0,
    });
  });

  it('[F2] [L8] a failure of two attempts ago, sent again, is a duplicate', () => {
    const run = makeRun();
    const stream = [
      complete(run, second(0)),
      failure(run, 'a', second(3)),
      select(run, ['a'], second(1)),
      expectMany(run, 0, second(2)),
    ];
    const before = reduced(stream);
    expect(before.round(1)).toMatchObject({ attempt: 3, num_clients_failed: 0 });
    const again = reduce(before.state, [failure(run, 'a', second(3))], noon);
    expect([...again.duplicates]).toEqual([0]);
    expect(fold(before.state, again)).toEqual(before.state);
  });

  it('[L4] silence makes a client offline and leaves its part open', () => {
    const run = makeRun();
    const { client, round } = reduced([select(run, ['a']), silence(run, 'a')]);
    expect(client('a')).toMatchObject({ status: 'offline', is_online: false, round_outcome: 'pending' });
    expect(accountOf(round(1)).pending).toBe(1);
  });

  it('[L4] a client that has reported since then is not silent, by the server’s clock', () => {
    const run = makeRun();
    const { client } = reduced([select(run, ['a'])], second(60)).next([silence(run, 'a', second(59))]);
    expect(client('a').is_online).toBe(true);
  });

  it.each([
    ['training', 'its part is open', (run: TestRun) => [select(run, ['a'])]],
    ['idle', 'it has no open part', (run: TestRun) => [select(run, ['a']), result(run, 'a')]],
  ] as const)('[L4] a heartbeat brings it back as %s when %s', (expected, _, before) => {
    const run = makeRun();
    const { client } = reduced([...before(run), silence(run, 'a')]).next([heartbeat(run, 'a', second(30))], second(31));
    expect(client('a')).toMatchObject({ status: expected, is_online: true, last_heartbeat: second(31) });
  });

  it('[L4] a result brings it back and counts', () => {
    const run = makeRun();
    const { client, round } = reduced([select(run, ['a']), silence(run, 'a'), result(run, 'a', second(20))]);
    expect(client('a')).toMatchObject({ status: 'idle', is_online: true, round_outcome: 'complete' });
    expect(accountOf(round(1))).toMatchObject({ complete: 1, pending: 0 });
  });

  it('[L4] a heartbeat after a no_reply that came later still brings it back', () => {
    const run = makeRun();
    const facts = [select(run, ['a']), noReply(run, 'a', second(9)), silence(run, 'a'), heartbeat(run, 'a', second(8))];
    expect(reduced(facts).client('a').is_online).toBe(true);
  });
});

it('never touches the state that it was given', () => {
  const run = makeRun();
  const { state } = reduced([select(run, ['a', 'b']), result(run, 'a')]);
  const before = structuredClone(state);
  fold(state, reduce(state, [failure(run, 'b'), complete(run), join(run, 'c')], noon));
  expect(state).toEqual(before);
});

it('[S2] a heartbeat that is not newer changes no row', () => {
  const run = makeRun();
  const { state } = reduced([heartbeat(run, 'a', second(1))]);
  const again = reduce(state, [heartbeat(run, 'a', second(1)), heartbeat(run, 'a', second(0))], second(60));
  expect(look(fold(state, again)).client('a')).toBe(look(state).client('a'));
  expect([...again.duplicates]).toEqual([0, 1]);
});
