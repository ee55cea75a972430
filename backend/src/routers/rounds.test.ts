import { type Command, clientUpdateSchema, problemSchema, type Round, roundSchema } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { counting } from '../../testing/counting.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import { listAudit } from '../db/queries/audit.ts';

let server: TestApp;
let queries = 0;
beforeAll(async () => {
  const database = await openTestDatabase();
  const db = counting(database.db, () => {
    queries += 1;
  });
  // No sweep falls into a count.
  server = await openTestApp({ database: { ...database, db }, commandExpiresAfterMs: 24 * 3_600_000 });
});
afterAll(() => server.close());

async function aRound(commands_supported = ['stop_round', 'stop_run']) {
  const reporter = await server.makeReporter();
  const admin = await server.signIn('admin');
  const run = makeRun();
  await reporter.report([
    run.say('run_started', { name: 'x', framework: 'f', commands_supported }),
    run.say('round_started', { round: 1, client_ids: ['a'] }),
  ]);
  const list = await server.ask('GET', `/api/rounds?run_id=${run.id}`, admin.headers);
  const [round] = list.json<{ items: Round[] }>().items;
  const path = `/api/rounds/${round?.round_id}`;
  const stop = (headers = admin.headers, body: object = { reason: 'too slow' }) =>
    server.ask('POST', `${path}/stop`, headers, body);
  return { reporter, admin, run, path, stop };
}

describe('GET /api/rounds', () => {
  it('N+1 queries in round list: as many queries for fifty rounds as for one', async () => {
    const viewer = await server.signIn('viewer');
    const reporter = await server.makeReporter();
    const run = makeRun();
    await reporter.report(Array.from({ length: 50 }, (_, n) => aWholeRound(run, n + 1)).flat());
    const costOf = async (limit: number) => {
      // So that nothing but the list is counted.
      await server.ask('GET', '/api/auth/me', viewer.headers);
      queries = 0;
      const answer = await server.ask('GET', `/api/rounds?run_id=${run.id}&limit=${limit}`, viewer.headers);
      return { rounds: answer.json<{ items: unknown[] }>().items.length, queries };
    };
    // What the server does after a commit, such as evaluating alerts, asks as well until it is done.
    await vi.waitFor(async () => {
      expect(await costOf(1)).toEqual({ rounds: 1, queries: 2 });
      expect(await costOf(50)).toEqual({ rounds: 50, queries: 2 });
    }, 30_000);
  });

  it('shows one round with what became of every selected client, in two queries', async () => {
    const viewer = await server.signIn('viewer');
    const reporter = await server.makeReporter();
    const run = makeRun();
    const ids = Array.from({ length: 30 }, (_, n) => `c${n}`);
    await reporter.report(aWholeRound(run, 1, ids));
    const list = await server.ask('GET', `/api/rounds?run_id=${run.id}`, viewer.headers);
    const path = `/api/rounds/${list.json<{ items: Round[] }>().items[0]?.round_id}`;
    await vi.waitFor(async () => {
      queries = 0;
      const answer = await server.ask('GET', path, viewer.headers);
      const round = roundSchema.extend({ client_updates: clientUpdateSchema.array() }).parse(answer.json());
      expect([round.client_updates.length, queries]).toEqual([30, 2]);
    }, 30_000);
  });
});

it("a client's history costs two queries, however many parts and runs it has", async () => {
  const viewer = await server.signIn('viewer');
  const reporter = await server.makeReporter();
  for (const run of [makeRun(), makeRun()])
    await reporter.report([1, 2, 3].flatMap((round) => aWholeRound(run, round, ['in two runs'])));
  await server.ask('GET', '/api/auth/me', viewer.headers);
  // What the server does after a commit, such as evaluating alerts, asks as well until it is done.
  await vi.waitFor(async () => {
    queries = 0;
    const answer = await server.ask('GET', '/api/clients/in%20two%20runs/history', viewer.headers);
    expect([answer.json<{ items: unknown[] }>().items.length, queries]).toEqual([6, 2]);
  }, 30_000);
});

describe('POST /api/rounds/{round_id}/stop', () => {
  it('answers 202 with the request on the round; asked again, the same', async () => {
    const { stop, admin } = await aRound();
    const first = await stop();
    expect(first.statusCode).toBe(202);
    const round = roundSchema.parse(first.json());
    expect(round).toMatchObject({
      status: 'collecting',
      stop_requested_at: expect.any(String),
      stop_reason: 'too slow',
    });
    const again = await stop(admin.headers, { reason: 'another reason' });
    expect([again.statusCode, again.json()]).toEqual([202, first.json()]);
  });

  it('reaches the FL server with the next answer to its reporter, even to an empty batch', async () => {
    const { stop, reporter, run, path, admin } = await aRound();
    await stop();
    const { commands } = await reporter.report([]);
    const expected: Partial<Command> = { command: 'stop_round', run_id: run.id, round: 1, reason: 'too slow' };
    expect(commands).toMatchObject([expected]);
    const command_id = commands[0]?.command_id ?? '';
    await reporter.report([
      run.say('command_ack', { command_id, state: 'applied' }),
      run.say('round_stopped', { round: 1, reason: 'too slow' }),
    ]);
    const shown = await server.ask('GET', path, admin.headers);
    expect(shown.json()).toMatchObject({ status: 'stopped', num_clients_no_reply: 1 });
    expect(await reporter.report([])).toMatchObject({ commands: [] });
  });

  it('refuses a round that is over with 409', async () => {
    const { stop, reporter, run } = await aRound();
    await reporter.report([run.say('round_complete', { round: 1 })]);
    const answer = await stop();
    expect(problemSchema.parse(answer.json())).toMatchObject({
      status: 409,
      detail: expect.stringMatching('complete'),
    });
    expect(answer.statusCode).toBe(409);
  });

  it('records the user and the time, live and in the list of commands, and leaves an entry in the audit', async () => {
    const { stop, admin, run, path } = await aRound();
    const { stop: asked } = roundSchema.parse((await stop()).json());
    const { username } = admin.user;
    expect(asked).toMatchObject({ command: 'stop_round', state: 'requested', requested_by: username });
    const list = await server.ask('GET', `/api/commands?run_id=${run.id}&state=requested`, admin.headers);
    const command = { ...asked, run_id: run.id, round: 1, delivered_by: null, ended_by: null };
    expect(list.json()).toEqual({ items: [command], total: 1, limit: 20, offset: 0 });
    const none = await server.ask('GET', `/api/commands?run_id=${run.id}&state=applied`, admin.headers);
    expect(none.json()).toMatchObject({ items: [], total: 0 });
    const { items } = await listAudit(server.database.db, { visible: null, action: 'round.stop', limit: 1, offset: 0 });
    expect(items).toMatchObject([
      {
        actor: username,
        target: path.split('/').at(-1),
        detail: { run_id: run.id, round: 1, scope: 'round', reason: 'too slow' },
      },
    ]);
  });

  it('with scope run asks for the run, also after its round is over', async () => {
    const { stop, admin, run, reporter } = await aRound();
    await reporter.report([run.say('round_complete', { round: 1 })]);
    const answer = await stop(admin.headers, { reason: 'enough', scope: 'run' });
    expect([answer.statusCode, roundSchema.parse(answer.json()).stop]).toEqual([202, null]);
    expect(answer.json()).toMatchObject({ stop_requested_at: expect.any(String), stop_reason: 'enough' });
    const [command] = (await reporter.report([])).commands;
    expect(command).toMatchObject({ command: 'stop_run', reason: 'enough' });
    await reporter.report([
      run.say('command_ack', { command_id: command?.command_id ?? '', state: 'applied' }),
      run.say('run_complete', { status: 'stopped', reason: 'enough' }),
    ]);
    const shown = await server.ask('GET', `/api/runs/${run.id}`, admin.headers);
    expect(shown.json()).toMatchObject({ status: 'stopped', reason: 'enough', stop: { state: 'applied' } });
    expect((await stop(admin.headers, { reason: 'again', scope: 'run' })).statusCode).toBe(409);
  });

  it.each([
    [['stop_run'], 'round', 'does not support stop_round; the commands it declares: stop_run'],
    [[], 'run', 'does not support stop_run; the commands it declares: none'],
  ])('a run that declares %j refuses scope %s with 409, and nothing is asked', async (declared, scope, detail) => {
    const { stop, admin, reporter } = await aRound(declared);
    const answer = await stop(admin.headers, { reason: 'x', scope });
    expect(problemSchema.parse(answer.json())).toMatchObject({ status: 409, detail: expect.stringContaining(detail) });
    expect((await reporter.report([])).commands).toEqual([]);
  });

  it('is not for viewers: 403, and nothing is asked of the FL server', async () => {
    const { stop, reporter } = await aRound();
    const viewer = await server.signIn('viewer');
    expect((await stop(viewer.headers)).statusCode).toBe(403);
    expect(await reporter.report([])).toMatchObject({ commands: [] });
  });

  it('refuses a round that does not exist with 404', async () => {
    const { headers } = await server.signIn('admin');
    const answer = await server.ask('POST', '/api/rounds/999999999/stop', headers, { reason: 'x' });
    expect(answer.statusCode).toBe(404);
  });

  it.each([{}, { reason: '' }, { reason: 7 }, { reason: 'x'.repeat(2_001) }])('needs a reason: %j', async (body) => {
    const { stop, admin } = await aRound();
    const answer = await stop(admin.headers, body);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ errors: [{ path: 'reason' }] });
  });
});
