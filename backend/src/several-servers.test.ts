import type { AddressInfo } from 'node:net';
import { applyBatch, fromSnapshot, type RunId, type ServerMessage, type ViewerState } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { aWholeRound, makeRun } from '../testing/facts.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openSocket, type TestSocket } from '../testing/socket.ts';
import { makeWriter } from '../testing/writer.ts';
import { type Database, openDatabase } from './db/database.ts';
import { readSnapshot } from './db/queries/live.ts';
import { sweepSilent } from './ingest/silence.ts';

let postgres: PostgresServer | undefined;
let databaseUrl: string;
let [a, b]: TestApp[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase('several');
  a = await openServer();
  b = await openServer();
}, 240_000);
afterAll(async () => {
  await a?.close();
  await b?.close();
  await postgres?.stop();
});

async function openServer(): Promise<TestApp> {
  const server = await openTestApp({ database: await openDatabase({ databaseUrl, dataDir: '/nowhere' }) });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  return server;
}

/** Two servers on one PostgreSQL. */
function servers(): { a: TestApp; b: TestApp } {
  if (!a || !b) throw new Error('the servers do not run');
  return { a, b };
}

function watch({ app }: TestApp, token: string, run_id?: RunId): Promise<TestSocket> {
  const { port } = app.server.address() as AddressInfo;
  const query = new URLSearchParams({ token, ...(run_id && { run_id }) });
  return openSocket(`ws://127.0.0.1:${port}/ws/events?${query}`);
}

/** Reads until the viewer is at `seq`; throws on a gap, and on a repeated message. */
async function follow(socket: TestSocket, seq: number, before?: ViewerState): Promise<ViewerState> {
  let state = before;
  while (!state || state.seq < seq) {
    const message: ServerMessage = await socket.next();
    if (message.type === 'snapshot') state = fromSnapshot(message);
    else if (!state || message.from_seq !== state.seq || message.seq <= state.seq) throw new Error('a hole');
    else state = applied(state, message);
  }
  return state;
}

function applied(state: ViewerState, message: Extract<ServerMessage, { type: 'batch' }>): ViewerState {
  const after = applyBatch(state, message);
  if (after === 'gap') throw new Error('a gap');
  return after;
}

async function truth({ db }: Database, runId: RunId): Promise<ViewerState> {
  const snapshot = await readSnapshot(db, runId);
  if (!snapshot) throw new Error('the run is gone');
  return fromSnapshot(snapshot);
}

describe('two servers on one PostgreSQL', () => {
  it('[D1] a viewer on one sees what is reported to the other, in order, exactly once', async () => {
    const { a, b } = servers();
    const reporter = await a.makeReporter();
    const run = makeRun();
    await reporter.report([run.say('run_started', { name: 'there', framework: 'flower' })]);
    const { token } = await b.signIn('viewer');
    const socket = await watch(b, token, run.id);
    let state = await follow(socket, 1);
    for (let round = 1; round <= 50; round++) await reporter.report(aWholeRound(run, round));
    state = await follow(socket, 51, state);
    expect(state).toEqual(await truth(a.database, run.id));
    expect(Object.keys(state.rounds)).toHaveLength(50);
    await socket.close();
  });

  it('[D1] a viewer sees a run that both servers write', async () => {
    const { a, b } = servers();
    const reporters = [await a.makeReporter(), await b.makeReporter()];
    const run = makeRun();
    await reporters[0]?.report([run.say('run_started', { name: 'both', framework: 'flower' })]);
    const { token } = await a.signIn('viewer');
    const sockets = await Promise.all([watch(a, token, run.id), watch(b, token, run.id)]);
    await Promise.all(
      reporters.map(async (reporter, index) => {
        for (let n = 0; n < 40; n++) {
          await reporter.report([run.say('metric', { name: `from ${index}`, value: n, step: n })]);
        }
      }),
    );
    const end = await truth(a.database, run.id);
    expect(end.seq).toBe(81);
    for (const socket of sockets) {
      expect(await follow(socket, end.seq)).toEqual(end);
      await socket.close();
    }
  });

  it('[S9] a run that starts on one moves who follows on the other', async () => {
    const { a, b } = servers();
    const reporter = await a.makeReporter();
    await reporter.report([makeRun().say('client_joined', { client_id: 'a' })]);
    const { token } = await b.signIn('viewer');
    const socket = await watch(b, token);
    await socket.next();
    const newer = makeRun();
    await reporter.report([newer.say('client_joined', { client_id: 'a' })]);
    expect(await socket.next()).toMatchObject({ type: 'snapshot', run_id: newer.id });
    await socket.close();
  });

  it('[D1] a run that is deleted on one server closes its viewers on the other within a second', async () => {
    const { a, b } = servers();
    const reporter = await a.makeReporter();
    const [older, newer] = [makeRun(), makeRun()];
    await reporter.report([older.say('client_joined', { client_id: 'a' })]);
    await reporter.report([newer.say('client_joined', { client_id: 'a' })]);
    const { token } = await b.signIn('viewer');
    const [picked, following] = [await watch(b, token, newer.id), await watch(b, token)];
    expect(await picked.next()).toMatchObject({ run_id: newer.id });
    expect(await following.next()).toMatchObject({ run_id: newer.id });
    const admin = await a.signIn('admin');
    const startedAt = performance.now();
    await a.ask('DELETE', `/api/runs/${newer.id}`, admin.headers);
    expect(await picked.closed).toMatchObject({ code: 4004 });
    expect(await following.next()).toMatchObject({ type: 'snapshot', run_id: older.id });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    await following.close();
  });

  it('[D1] a sign-in that ends on one ends on the other, sockets and requests, within a second', async () => {
    const { a, b } = servers();
    const leaving = await a.signIn('viewer');
    const me = () => b.ask('GET', '/api/auth/me', leaving.headers);
    const reporter = await a.makeReporter();
    const run = makeRun();
    await reporter.report([run.say('client_joined', { client_id: 'a' })]);
    const socket = await watch(b, leaving.token, run.id);
    await socket.next();
    expect((await me()).statusCode).toBe(200);
    const startedAt = performance.now();
    await a.ask('POST', '/api/auth/logout', { cookie: `rondo_refresh=${leaving.cookie}` });
    expect(await socket.closed).toMatchObject({ code: 4001 });
    expect((await me()).statusCode).toBe(401);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });

  it('[D1] disabling a user on one closes their sockets on the other within a second', async () => {
    const { a, b } = servers();
    const viewer = await b.signIn('viewer');
    const admin = await a.signIn('admin');
    const reporter = await a.makeReporter();
    const run = makeRun();
    await reporter.report([run.say('client_joined', { client_id: 'a' })]);
    const socket = await watch(b, viewer.token, run.id);
    await socket.next();
    const startedAt = performance.now();
    const answer = await a.ask('PATCH', `/api/users/${viewer.user.id}`, admin.headers, { disabled: true });
    expect(answer.statusCode).toBe(200);
    expect(await socket.closed).toMatchObject({ code: 4001 });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });

  it('[I4] a stop asked through one reaches the reporter that talks to the other', async () => {
    const { a, b } = servers();
    const reporter = await a.makeReporter();
    const run = makeRun();
    await reporter.report([
      run.say('run_started', { name: 'x', framework: 'flower', commands_supported: ['stop_round'] }),
      run.say('round_started', { round: 1, client_ids: ['a'] }),
    ]);
    const admin = await b.signIn('admin');
    const round = (await truth(b.database, run.id)).rounds[1];
    const asked = await b.ask('POST', `/api/rounds/${round?.round_id}/stop`, admin.headers, { reason: 'enough' });
    expect(asked.statusCode).toBe(202);
    const { commands } = await reporter.report([]);
    expect(commands).toMatchObject([{ command: 'stop_round', run_id: run.id, round: 1, reason: 'enough' }]);
  });

  it('[D1] a flush that touches too many runs for one message still reaches the others', async () => {
    const { a, b } = servers();
    const reporter = await a.makeReporter();
    const runs = Array.from({ length: 200 }, () => makeRun());
    const [watched] = runs;
    if (!watched) throw new Error('no run');
    await reporter.report([watched.say('client_joined', { client_id: 'a' })]);
    const { token } = await b.signIn('viewer');
    const socket = await watch(b, token, watched.id);
    const state = await follow(socket, 1);
    await reporter.report(runs.map((run) => run.say('client_joined', { client_id: 'b' })));
    expect(await follow(socket, 2, state)).toEqual(await truth(b.database, watched.id));
    await socket.close();
  });

  it('[D3] what is committed while the line is down is seen when it is up again', async () => {
    const { a, b } = servers();
    const reporter = await a.makeReporter();
    const run = makeRun();
    await reporter.report([run.say('client_joined', { client_id: 'a' })]);
    const { token } = await b.signIn('viewer');
    const socket = await watch(b, token, run.id);
    const state = await follow(socket, 1);
    const cut = await a.database.db.execute(
      sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rondo doorbell'`,
    );
    expect(cut).toHaveLength(2);
    await reporter.report([run.say('client_joined', { client_id: 'b' })]);
    const after = await follow(socket, 2, state);
    expect(after).toEqual(await truth(a.database, run.id));
    await reporter.report([run.say('client_joined', { client_id: 'c' })]);
    expect(await follow(socket, 3, after)).toEqual(await truth(a.database, run.id));
    await socket.close();
  });

  it('[L4] two servers that find the same client silent say so once', async () => {
    const { a, b } = servers();
    // Long before the reports of any other test's clients, because this sweeps the whole database.
    let now = Date.parse('2001-01-01T00:00:00.000Z');
    const [one, two] = [a, b].map(({ database: { db } }) => ({ db, ...makeWriter(db, () => new Date(now)) }));
    if (!one || !two) throw new Error('two servers');
    const run = makeRun({ start: '2001-01-01T00:00:00.000Z' });
    await one.writer.submit([run.say('client_joined', { client_id: 'quiet' })]);
    now += 120_000;
    await Promise.all(
      [one, two].map(({ db, writer }) => sweepSilent({ db, writer, offlineAfterMs: 60_000, now: () => now })),
    );
    const end = await truth(a.database, run.id);
    expect(end.seq).toBe(2);
    expect(end.clients).toMatchObject({ quiet: { status: 'offline' } });
    expect([...one.published, ...two.published].map(({ seq }) => seq).sort()).toEqual([1, 2]);
  });
});
