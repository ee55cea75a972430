import { randomUUID } from 'node:crypto';
import type { Client, Round, RoundDetail, Run, SnapshotMessage } from '@rondo/protocol';
import { accountOf } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { openTestDatabase } from '../testing/database.ts';
import { makeRun, type TestRun } from '../testing/facts.ts';
import { makeReporterBatches, makeWriter } from '../testing/writer.ts';
import { newestRunId, readSnapshot } from './db/queries/live.ts';
import { readSeries } from './db/queries/read-series.ts';
import { findRun } from './db/queries/runs.ts';
import { sweepConditions } from './ingest/conditions.ts';
import { requestStop } from './ingest/request-stop.ts';

/** The examples of `docs/field.md` that the server owns, each with its right outcome. */

let server: TestApp;
let headers: Record<string, string>;
let key: Record<string, string>;
beforeAll(async () => {
  server = await openTestApp();
  ({ headers } = await server.signIn('admin'));
  key = (await server.makeReporter()).headers;
});
afterAll(() => server.close());

const hour = 3_600_000;
const minute = 60_000;
const inFuture = (ms: number) => new Date(Date.now() + ms).toISOString();
const read = async <T>(path: string): Promise<T> => (await server.ask('GET', path, headers)).json<T>();

/** An FL server whose clock is off; with `says` false it does not report its clock. */
function aReporter(clockMs = 0, says = true) {
  const reporter_id = randomUUID();
  let batch = 0;
  return async (...events: { at: string }[]) => {
    batch += 1;
    const sent_at = says ? { sent_at: inFuture(clockMs) } : {};
    const answer = await server.ask('POST', '/api/ingest', key, { reporter_id, batch, ...sent_at, events });
    expect(answer.statusCode, answer.body).toBe(200);
    return answer.json<{ accepted: number; duplicates: number }>();
  };
}

/** The report of an FL server whose clock is off by so many milliseconds. */
const now = (run: TestRun, offsetMs = 0): TestRun['say'] =>
  ((type: never, fields: object) => run.say(type, { ...fields, at: inFuture(offsetMs) } as never)) as TestRun['say'];

const runOf = (run: TestRun) => read<Run>(`/api/runs/${run.id}`);
const roundOf = async (run: TestRun, number: number): Promise<Round> => {
  const { items } = await read<{ items: Round[] }>(`/api/rounds?run_id=${run.id}`);
  const found = items.find(({ round }) => round === number);
  if (!found) throw new Error(`there is no round ${number}`);
  return found;
};
const clientOf = async (run: TestRun, id: string): Promise<Client> => {
  const { items } = await read<{ items: Client[] }>(`/api/clients?run_id=${run.id}`);
  const found = items.find(({ client_id }) => client_id === id);
  if (!found) throw new Error(`there is no client ${id}`);
  return found;
};
const snapshotOf = async (run: TestRun): Promise<SnapshotMessage> => {
  const snapshot = await readSnapshot(server.database.db, run.id);
  if (!snapshot) throw new Error('there is no such run');
  return snapshot;
};

describe('family 2: a bad end is shown as one', () => {
  it('all clients fail in every round (flower#1400)', async () => {
    const run = makeRun();
    const report = aReporter();
    const say = now(run);
    for (const round of [1, 2, 3]) {
      await report(say('round_started', { round, client_ids: ['a', 'b'] }));
      await report(
        say('client_failed', { round, client_id: 'a', reason: 'out of memory' }),
        say('client_failed', { round, client_id: 'b', reason: 'out of memory' }),
        say('round_complete', { round }),
      );
    }
    await report(say('run_complete', { status: 'complete' }));
    expect(await roundOf(run, 2)).toMatchObject({
      status: 'complete',
      reason: 'no client returned a result: 2 failed, 0 did not reply',
    });
    const { status, reason } = await runOf(run);
    expect([status, reason]).toEqual([
      'complete',
      'no round produced a result: in all 3 rounds no client returned one',
    ]);
  });
});

describe('family 3: the same key again', () => {
  it('resumed from a checkpoint, steps 201 to 212 reported again (wandb#4482, #2234)', async () => {
    const run = makeRun();
    const report = aReporter();
    const steps = Array.from({ length: 212 }, (_, n) => n + 1);
    await report(...steps.map((step) => run.say('metric', { name: 'loss', step, value: step })));
    const again = steps.slice(200).map((step) => run.say('metric', { name: 'loss', step, value: -step }));
    expect(await report(...again)).toMatchObject({ accepted: 12, duplicates: 0 });
    const series = await readSeries(server.database.db, { run_id: run.id, name: 'loss', max_points: 1_000 });
    expect([series.total, ...series.value.slice(199, 202)]).toEqual([212, 200, -201, -202]);
    expect(await runOf(run)).toMatchObject({ num_values_replaced: 12 });
  });

  it('a recovered FL server repeats round 5 with other clients (openfl#1229, NVFlare#242)', async () => {
    const run = makeRun();
    const report = aReporter();
    const result = (client_id: string, train_loss: number) =>
      run.say('client_result', { round: 5, client_id, sample_count: 10, train_loss });
    await report(
      run.say('round_started', { round: 5, client_ids: ['a', 'b', 'c'] }),
      result('a', 0.9),
      run.say('client_failed', { round: 5, client_id: 'b', reason: 'the FL server died' }),
    );
    await report(
      run.say('run_started', { name: 'recovered', framework: 'openfl' }),
      run.say('round_started', { round: 5, client_ids: ['c', 'd'] }),
      result('c', 0.2),
      result('d', 0.1),
      run.say('round_complete', { round: 5, global_loss: 0.15 }),
    );
    const round = await roundOf(run, 5);
    expect(round).toMatchObject({ attempt: 2, status: 'complete', num_clients_expected: 2, num_clients_completed: 2 });
    expect(accountOf(round)).toMatchObject({ pending: 0 });
    const detail = await read<RoundDetail>(`/api/rounds/${round.round_id}`);
    expect(detail.earlier).toMatchObject([
      { attempt: 1, num_clients_expected: 3, num_clients_completed: 1, num_clients_failed: 1, global_loss: null },
    ]);
    const current = detail.client_updates.filter(({ attempt }) => attempt === 2);
    expect(current.map(({ client_id, train_loss }) => [client_id, train_loss])).toEqual([
      ['c', 0.2],
      ['d', 0.1],
    ]);
  });

  it('a late result after the end corrects its round and does not open the run again', async () => {
    const run = makeRun();
    const report = aReporter();
    await report(
      run.say('round_started', { round: 1, client_ids: ['a', 'b'] }),
      run.say('client_result', { round: 1, client_id: 'a', sample_count: 10 }),
      run.say('round_complete', { round: 1, global_loss: 1 }),
      run.say('run_complete', { status: 'complete' }),
    );
    expect(await roundOf(run, 1)).toMatchObject({ num_clients_completed: 1, num_clients_no_reply: 1 });
    await report(run.say('client_result', { round: 1, client_id: 'b', sample_count: 20 }));
    expect(await roundOf(run, 1)).toMatchObject({ num_clients_completed: 2, num_clients_no_reply: 0 });
    expect(await runOf(run)).toMatchObject({ status: 'complete' });
    await report(run.say('round_started', { round: 2, client_ids: ['a'] }));
    expect(await runOf(run)).toMatchObject({ status: 'running', completed_at: null });
  });
});

describe('family 5: silence', () => {
  it('the reporter is killed (metaflow#1112, SkyRL#1516)', async () => {
    const { db } = server.database;
    let clock = Date.parse('2026-03-01T12:00:00.000Z');
    const { writer } = makeWriter(db, () => new Date(clock));
    const run = makeRun({ start: '2026-03-01T11:59:00.000Z' });
    const batchOf = makeReporterBatches();
    await writer.submit(
      [
        run.say('run_started', { name: 'x', framework: 'f', commands_supported: ['stop_round'] }),
        run.say('round_started', { round: 1, client_ids: ['a'] }),
      ],
      batchOf(),
    );
    expect((await findRun(db, run.id, null))?.condition?.state).toBe('healthy');
    clock += 2 * minute;
    await sweepConditions({ db, writer, now: () => clock });
    expect(await findRun(db, run.id, null)).toMatchObject({
      status: 'running',
      condition: { state: 'silent', since: '2026-03-01T12:00:00.000Z' },
    });
    const { round_id } = await roundOf(run, 1);
    const stop = { round_id, scope: 'round', reason: 'enough', requested_by: 'ada' } as const;
    const stopping = await requestStop({ db, writer, expiresAfterMs: 5 * minute, now: () => clock }, stop);
    expect(stopping.stop?.detail).toMatch(/no reporter can receive it/);
    // A report brings it back.
    await writer.submit([run.say('client_heartbeat', { client_id: 'a' })], batchOf());
    expect((await findRun(db, run.id, null))?.condition?.state).toBe('healthy');
  });

  it('[S9] a run that has long been silent does not keep the live page from one that reports', async () => {
    const { db, close } = await openTestDatabase();
    let clock = Date.parse('2026-03-01T12:00:00.000Z');
    const { writer } = makeWriter(db, () => new Date(clock));
    const start = (at: string) => makeRun({ start: at });
    const [reports, killed] = [start('2026-03-01T11:58:00.000Z'), start('2026-03-01T11:59:00.000Z')];
    const [batchOf, batchOfOther] = [makeReporterBatches(), makeReporterBatches()];
    const began = { name: 'x', framework: 'f' };
    await writer.submit([reports.say('run_started', began)], batchOf());
    await writer.submit([killed.say('run_started', began)], batchOfOther());
    expect(await newestRunId(db, null)).toBe(killed.id);
    clock += 2 * minute;
    await writer.submit([reports.say('client_heartbeat', { client_id: 'a' })], batchOf());
    await sweepConditions({ db, writer, now: () => clock });
    expect((await findRun(db, killed.id, null))?.condition?.state).toBe('silent');
    expect(await newestRunId(db, null)).toBe(reports.id);
    clock += 2 * minute;
    await sweepConditions({ db, writer, now: () => clock });
    // Where none reports, the one that started last is followed as before.
    expect(await newestRunId(db, null)).toBe(killed.id);
    await close();
  });

  it('[L10] an admin ends a run whose FL server has disappeared', async () => {
    const run = makeRun();
    const report = aReporter();
    await report(run.say('round_started', { round: 1, client_ids: ['a', 'b'] }));
    const end = { status: 'failed', reason: 'the machine was switched off' };
    const answer = await server.ask('POST', `/api/runs/${run.id}/end`, headers, end);
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { ...end, condition: null }]);
    expect(await roundOf(run, 1)).toMatchObject({ status: 'failed', num_clients_no_reply: 2 });
    expect((await server.ask('POST', `/api/runs/${run.id}/end`, headers, end)).statusCode).toBe(409);
    await report(now(run)('client_result', { round: 1, client_id: 'a', sample_count: 1 }));
    expect(await runOf(run)).toMatchObject({ status: 'running' });
  });

  it('the FL server waits for clients (flower#4147)', async () => {
    const run = makeRun();
    const report = aReporter();
    const say = now(run);
    await report(
      say('run_started', { name: 'x', framework: 'flower' }),
      say('client_presence', { client_ids: ['1', '2'], num_connected: 2, num_needed: 3 }),
    );
    const { condition } = await runOf(run);
    expect([condition?.state, condition?.detail]).toEqual(['waiting_for_clients', 'waiting for 3 clients, 2 are here']);
    expect((await clientOf(run, '1')).is_online).toBe(true);
  });

  it('a node restarts under the same name (flower#4844)', async () => {
    const run = makeRun();
    const report = aReporter();
    const say = now(run);
    await report(say('client_joined', { client_id: 'node' }));
    await report(say('client_left', { client_id: 'node' }));
    expect((await clientOf(run, 'node')).is_online).toBe(false);
    await report(say('client_joined', { client_id: 'node' }));
    expect(await clientOf(run, 'node')).toMatchObject({ is_online: true, status: 'idle' });
  });

  it('a client whose clock is an hour late is seen when its report arrives', async () => {
    const run = makeRun();
    const report = aReporter(0, false);
    const before = Date.now();
    await report(now(run, -hour)('client_heartbeat', { client_id: 'a' }));
    const { is_online, last_heartbeat } = await clientOf(run, 'a');
    expect([is_online, Date.parse(last_heartbeat) >= before]).toEqual([true, true]);
  });
});

describe('family 6: clocks', () => {
  it('an FL server whose clock is two hours ahead reports that clock, and its times are shifted', async () => {
    const run = makeRun();
    const report = aReporter(2 * hour);
    await report(now(run, 2 * hour - minute)('run_started', { name: 'x', framework: 'f' }));
    const { started_at, clock_offset_ms } = await runOf(run);
    expect(Math.abs((clock_offset_ms ?? 0) - 2 * hour)).toBeLessThan(minute);
    expect(Math.abs(Date.now() - minute - Date.parse(started_at))).toBeLessThan(minute);
  });

  it.each([true, false])(
    'round_started two hours ahead, round_complete one hour ahead (woodpecker#6825), sent_at: %s',
    async (says) => {
      const run = makeRun();
      await aReporter(2 * hour, says)(now(run, 2 * hour)('round_started', { round: 1, client_ids: ['a'] }));
      await aReporter(hour, says)(
        now(run, hour)('client_result', { round: 1, client_id: 'a', sample_count: 1 }),
        now(run, hour)('round_complete', { round: 1, global_loss: 1 }),
      );
      const { status, started_at, completed_at } = await roundOf(run, 1);
      const ms = Date.parse(completed_at ?? '') - Date.parse(started_at);
      expect([status, ms >= 0, ms < minute]).toEqual(['complete', true, true]);
      if (says) expect((await runOf(run)).clock_offset_ms).toBeGreaterThan(minute);
    },
  );

  it('[security M3] an at in the year 9999 is no later than its reception, and freezes nothing', async () => {
    const run = makeRun();
    const report = aReporter(0, false);
    const at = '9999-12-31T23:59:59.000Z';
    await report(
      run.say('run_started', { name: 'x', framework: 'f', at }),
      run.say('round_started', { round: 1, client_ids: ['a'], at }),
    );
    expect(Date.parse((await roundOf(run, 1)).started_at)).toBeLessThanOrEqual(Date.now());
    const say = now(run);
    await report(
      say('client_result', { round: 1, client_id: 'a', sample_count: 1 }),
      say('round_complete', { round: 1, global_loss: 1 }),
      say('run_complete', { status: 'complete' }),
    );
    expect([(await roundOf(run, 1)).status, (await runOf(run)).status]).toEqual(['complete', 'complete']);
  });
});

describe('small truths', () => {
  it('[L11] in a run that is over no client is training', async () => {
    const run = makeRun();
    const report = aReporter();
    const say = now(run);
    await report(
      say('round_started', { round: 1, client_ids: ['a', 'b'] }),
      say('client_status', { client_id: 'b', status: 'uploading', round: 1 }),
      say('run_complete', { status: 'complete' }),
    );
    const clients = (await snapshotOf(run)).data.clients.map(({ status }) => status);
    expect(clients).toEqual(['idle', 'idle']);
  });

  it('the evaluation before the first round, round 0, is in the history', async () => {
    const run = makeRun();
    await aReporter()(
      run.say('round_complete', { round: 0, global_loss: 2.3 }),
      run.say('round_started', { round: 1, client_ids: ['a'] }),
      run.say('round_complete', { round: 1, global_loss: 1.1 }),
    );
    const history = (await snapshotOf(run)).data.metrics_history.map(({ round, loss }) => [round, loss]);
    expect(history).toEqual([
      [0, 2.3],
      [1, 1.1],
    ]);
  });
});

describe('family 9: names that every object has', () => {
  const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__'];
  // The server takes this one out of every map that it receives.
  const keys = names.filter((name) => name !== '__proto__');

  it.each(names)('[V7] a metric and a client called %s', async (name) => {
    const run = makeRun();
    const report = aReporter();
    for (const round of [1, 2]) {
      const metrics = Object.fromEntries(keys.map((key, index) => [key, index + round]));
      await report(
        run.say('round_started', { round, client_ids: [name] }),
        run.say('client_result', { round, client_id: name, sample_count: 1, metrics }),
        run.say('metric', { name, value: round, step: round }),
        run.say('metric', { name, value: -round, step: round, client_id: name }),
        run.say('round_complete', { round, global_loss: 1, metrics }),
      );
    }
    const summary = await read<{ metrics: object }>(`/api/metrics/summary?run_id=${run.id}`);
    expect(Object.entries(summary.metrics)).toContainEqual([name, name === '__proto__' ? 2 : keys.indexOf(name) + 2]);
    const { summary: listed } = await read<{ summary: { last: object; best: object } }>(`/api/runs/${run.id}`);
    for (const [index, key] of keys.entries()) {
      expect(Object.entries(listed.last)).toContainEqual([key, { value: index + 2, round: 2 }]);
      expect(Object.entries(listed.best)).toContainEqual([key, { value: index + 2, round: 2 }]);
    }
    for (const of of ['', `&client_id=${name}`]) {
      const series = await read<{ step: number[] }>(`/api/metrics/series?run_id=${run.id}&name=${name}${of}`);
      // The rounds and the client's results have this name as well.
      expect([...new Set(series.step)]).toEqual([1, 2]);
    }
    expect(await clientOf(run, name)).toMatchObject({ client_id: name, current_round: 2 });
    const detail = await read<RoundDetail>(`/api/rounds/${(await roundOf(run, 2)).round_id}`);
    expect(detail.client_updates).toMatchObject([{ client_id: name, outcome: 'complete' }]);
    expect(Object.keys(detail.metrics).sort()).toEqual([...keys].sort());
  });
});

it('[F10] a run that was brought from another tool is an import for good, and never the newest run', async () => {
  const report = aReporter();
  const own = makeRun({ start: inFuture(-hour) });
  const brought = makeRun({ start: inFuture(-minute) });
  const started = { name: 'x', framework: 'f' };
  await report(own.say('run_started', started), brought.say('run_started', { ...started, imported: true }));
  const importedAt = async (run: TestRun) => (await read<Run>(`/api/runs/${run.id}`)).imported_at;
  const at = await importedAt(brought);
  expect(Date.parse(at ?? '')).toBeGreaterThan(Date.now() - hour);
  expect(await importedAt(own)).toBeNull();
  await report(brought.say('run_started', started), own.say('run_started', { ...started, imported: true }));
  expect([await importedAt(brought), await importedAt(own)]).toEqual([at, null]);
  expect(await newestRunId(server.database.db, null)).not.toBe(brought.id);
});
