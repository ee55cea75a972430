import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { makeRun } from '../../testing/facts.ts';
import { maxRuns } from './parts.ts';

let server: TestApp;
beforeAll(async () => {
  server = await openTestApp({ maxClientsPerRun: 5_000 });
});
afterAll(() => server.close());

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `c${from + n}`);

describe('[H3] [B3] a batch that is stored in several transactions', () => {
  it('is one batch: a selection, what follows it, and many new runs', async () => {
    const run = makeRun();
    const others = Array.from({ length: 2 * maxRuns + 1 }, makeRun);
    const reporter = await server.makeReporter();
    const answer = await reporter.report([
      run.say('round_started', { round: 1, client_ids: ids(4_500) }),
      run.say('client_result', { round: 1, client_id: 'c7', sample_count: 3 }),
      ...others.map((other) => other.say('run_started', { name: 'x', framework: 'f' })),
    ]);
    expect(answer).toMatchObject({ accepted: others.length + 2, duplicates: 0, rejected: [] });
    const viewer = await server.signIn('admin');
    const rounds = await server.ask('GET', `/api/rounds?run_id=${run.id}`, viewer.headers);
    expect(rounds.json()).toMatchObject({
      items: [{ num_clients_expected: 4_500, num_clients_completed: 1, attempt: 1, status: 'collecting' }],
    });
    const clients = await server.ask('GET', `/api/clients?run_id=${run.id}&limit=1`, viewer.headers);
    expect(clients.json()).toMatchObject({ total: 4_500 });
    for (const other of [others[0], others.at(-1)]) {
      expect((await server.ask('GET', `/api/runs/${other?.id}`, viewer.headers)).json()).toMatchObject({ name: 'x' });
    }
  });

  it('[F2] sent again under a new number says nothing new, and under its own is a repetition', async () => {
    const run = makeRun();
    const headers = (await server.makeReporter()).headers;
    const events = [run.say('round_started', { round: 1, client_ids: ids(3_000) })];
    const send = async (batch: number, list = events) =>
      (await server.ask('POST', '/api/ingest', headers, { reporter_id: 'r', batch, events: list })).json();
    expect(await send(1)).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(await send(2)).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await send(1)).toMatchObject({ accepted: 0, duplicates: 1 });
    const more = run.say('client_presence', { client_ids: ids(3_500), num_needed: 4_000 });
    expect(await send(3, [more as never])).toMatchObject({ accepted: 1, duplicates: 0 });
    const viewer = await server.signIn('admin');
    const clients = await server.ask('GET', `/api/clients?run_id=${run.id}&limit=1`, viewer.headers);
    expect(clients.json()).toMatchObject({ total: 3_500 });
  });

  it('[H3] [B4] clients beyond the bound of a run are rejected by index, and the rest is stored', async () => {
    const run = makeRun();
    const reporter = await server.makeReporter();
    const answer = await reporter.report([
      run.say('client_presence', { client_ids: ids(900) }),
      run.say('round_started', { round: 1, client_ids: ids(900) }),
      run.say('round_started', { round: 2, client_ids: ids(5_001, 50_000) }),
      run.say('client_heartbeat', { client_id: 'c1', at: new Date().toISOString() }),
    ]);
    expect(answer.accepted).toBe(3);
    expect(answer.rejected).toMatchObject([
      { index: 2, detail: expect.stringContaining('takes at most 5000 (MAX_CLIENTS_PER_RUN)') },
    ]);
  });
});
