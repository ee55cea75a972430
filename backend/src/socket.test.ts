import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { applyBatch, fromSnapshot, type ServerMessage, type ViewerState } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devOrigin, openTestApp, type TestApp } from '../testing/app.ts';
import { openTestDatabase } from '../testing/database.ts';
import { aWholeRound, makeRun } from '../testing/facts.ts';
import { openSocket } from '../testing/socket.ts';

let server: TestApp;
let address: string;
beforeAll(async () => {
  server = await openTestApp();
  address = await listen(server);
});
afterAll(() => server.close());

async function listen({ app }: TestApp): Promise<string> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws/events`;
}

const query = (given: Record<string, string | number>) =>
  `?${new URLSearchParams(Object.entries(given).map(([name, value]): [string, string] => [name, String(value)]))}`;
const open = (given: Record<string, string | number>, options = {}) => openSocket(`${address}${query(given)}`, options);

async function ticketFor(headers: Record<string, string>): Promise<string> {
  const answer = await server.ask('POST', '/api/auth/ws-ticket', headers);
  return answer.json<{ ticket: string }>().ticket;
}

async function aReportedRun() {
  const reporter = await server.makeReporter();
  const run = makeRun();
  await reporter.report(aWholeRound(run, 1));
  return { run, reporter };
}

/** Applies a snapshot and the batches after it, as a viewer does. */
function stateAfter(before: ViewerState | undefined, message: ServerMessage): ViewerState {
  if (message.type === 'snapshot') return fromSnapshot(message);
  const after = before && applyBatch(before, message);
  if (!after || after === 'gap') throw new Error('a gap');
  return after;
}

const viewersNow = async () => (await server.ask('GET', '/api/health')).json<{ viewers: number }>().viewers;

describe('/ws/events', () => {
  it.each(['ticket', 'access token'])('with a %s, sends a snapshot first, then what changes', async (kind) => {
    const { headers, token } = await server.signIn('viewer');
    const { run, reporter } = await aReportedRun();
    const socket = await open({ token: kind === 'ticket' ? await ticketFor(headers) : token, run_id: run.id });
    const snapshot = await socket.next();
    expect(snapshot).toMatchObject({ type: 'snapshot', run_id: run.id, data: { rounds: [{ round: 1 }] } });
    await reporter.report(aWholeRound(run, 2));
    const batch = await socket.next();
    expect(batch).toMatchObject({ type: 'batch', from_seq: snapshot.seq, run_id: run.id });
    const state = stateAfter(stateAfter(undefined, snapshot), batch);
    expect(state.rounds[2]).toMatchObject({ status: 'complete', num_clients_completed: 2 });
    await socket.close();
  });

  it.each([
    ['no token', ''],
    ['a token that is none', 'nonsense'],
    ['a token of another server', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'],
    ['a token that is far too long', `${'x'.repeat(5_000)}.y.z`],
  ])('[S8] accepts %s and closes with 4001, so that the browser knows why', async (_, token) => {
    const socket = await open({ token });
    expect(await socket.closed).toMatchObject({ code: 4001 });
  });

  it('[S8] closes with 4001 for an API key: reporters do not watch', async () => {
    const { key } = await server.makeReporter();
    expect(await (await open({ token: key })).closed).toMatchObject({ code: 4001 });
  });

  it('a ticket opens one socket', async () => {
    const { headers } = await server.signIn('viewer');
    const ticket = await ticketFor(headers);
    const { run } = await aReportedRun();
    const first = await open({ token: ticket, run_id: run.id });
    expect(await first.next()).toMatchObject({ type: 'snapshot' });
    const second = await open({ token: ticket, run_id: run.id });
    expect(await second.closed).toMatchObject({ code: 4001 });
    await first.close();
  });

  it('[S8] says with its 403 that the connection ends, which it does', async () => {
    const request = get(`${address.replace('ws', 'http')}?token=x`, {
      headers: {
        origin: 'https://elsewhere.test',
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      },
    });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect([response.statusCode, response.headers.connection]).toEqual([403, 'close']);
    response.resume();
    await once(response, 'close');
  });

  it('refuses a foreign origin at the handshake with 403, and takes its own and the dev server', async () => {
    const { token } = await server.signIn('viewer');
    const own = `http://${new URL(address).host}`;
    for (const origin of ['http://evil.example', 'null', `${devOrigin}0`]) {
      await expect(open({ token }, { origin })).rejects.toThrow('403');
    }
    for (const origin of [own, devOrigin]) {
      const socket = await open({ token }, { origin });
      expect(await socket.next()).toMatchObject({ type: 'snapshot' });
      await socket.close();
    }
  });

  it('[S7] answers ping with pong', async () => {
    const { token } = await server.signIn('viewer');
    const socket = await open({ token });
    await socket.next();
    socket.send('ping');
    expect(await socket.nextText()).toBe('pong');
    await socket.close();
  });

  it('[S5] resumes with epoch and seq: exactly what changed since, no snapshot', async () => {
    const { token } = await server.signIn('viewer');
    const { run, reporter } = await aReportedRun();
    const first = await open({ token, run_id: run.id });
    const snapshot = await first.next();
    if (snapshot.type !== 'snapshot') throw new Error('not a snapshot');
    await first.close();
    await reporter.report([run.say('client_heartbeat', { client_id: 'b' })]);
    await reporter.report([run.say('metric', { name: 'lr', value: 0.1, step: 1 })]);
    const again = await open({ token, run_id: run.id, epoch: snapshot.epoch ?? '', seq: snapshot.seq });
    const batch = await again.next();
    expect(batch).toMatchObject({ type: 'batch', from_seq: snapshot.seq, seq: snapshot.seq + 2 });
    const names = 'events' in batch ? batch.events.map(({ type }) => type).sort() : [];
    expect(names).toEqual(['client_update', 'metric']);
    await again.close();
  });

  it('[S5] sends a snapshot to who comes back with an epoch that is over', async () => {
    const { token } = await server.signIn('viewer');
    const { run } = await aReportedRun();
    const socket = await open({ token, run_id: run.id, epoch: 'another', seq: 1 });
    expect(await socket.next()).toMatchObject({ type: 'snapshot', run_id: run.id });
    await socket.close();
  });

  it('says with a code that a run does not exist, or no longer', async () => {
    const { token } = await server.signIn('viewer');
    expect(await (await open({ token, run_id: makeRun().id })).closed).toMatchObject({ code: 4004 });
    const { run } = await aReportedRun();
    const socket = await open({ token, run_id: run.id });
    await socket.next();
    const admin = await server.signIn('admin');
    await server.ask('DELETE', `/api/runs/${run.id}`, admin.headers);
    expect(await socket.closed).toMatchObject({ code: 4004 });
  });

  it('a sign-out closes the sockets of that sign-in with 4001, and no others', async () => {
    const leaving = await server.signIn('viewer');
    const staying = await server.signIn('viewer');
    const { run } = await aReportedRun();
    const sockets = await Promise.all([
      open({ token: leaving.token, run_id: run.id }),
      open({ token: await ticketFor(leaving.headers), run_id: run.id }),
      open({ token: staying.token, run_id: run.id }),
    ]);
    const [one, two, other] = sockets;
    await Promise.all(sockets.map((socket) => socket.next()));
    await server.ask('POST', '/api/auth/logout', { cookie: `rondo_refresh=${leaving.cookie}` });
    expect(await one?.closed).toMatchObject({ code: 4001 });
    expect(await two?.closed).toMatchObject({ code: 4001 });
    other?.send('ping');
    expect(await other?.nextText()).toBe('pong');
    await other?.close();
  });

  it('Missing finally on WS disconnect: whatever ends a socket, the server forgets it', async () => {
    const { token } = await server.signIn('viewer');
    const { run } = await aReportedRun();
    const before = await viewersNow();
    const sockets = await Promise.all(Array.from({ length: 50 }, () => open({ token, run_id: run.id })));
    await Promise.all(sockets.map((socket) => socket.next()));
    expect(await viewersNow()).toBe(before + 50);
    // Over its bound of 1 KiB: the server ends this one.
    sockets[0]?.send('x'.repeat(2_000));
    expect(await sockets[0]?.closed).toMatchObject({ code: 1009 });
    await Promise.all(sockets.map((socket) => socket.close()));
    await expect.poll(viewersNow).toBe(before);
  });

  it('follows the newest run when it names none, from no run at all', async () => {
    const empty = await openTestDatabase();
    const fresh = await openTestApp({ database: empty });
    const url = await listen(fresh);
    const { token } = await fresh.signIn('viewer');
    const socket = await openSocket(`${url}${query({ token })}`);
    expect(await socket.next()).toMatchObject({ type: 'snapshot', run_id: null, seq: 0 });
    const reporter = await fresh.makeReporter();
    const run = makeRun();
    await reporter.report(aWholeRound(run, 1));
    expect(await socket.next()).toMatchObject({ type: 'snapshot', run_id: run.id });
    // The end of the server is also announced.
    const pending = reporter.report(aWholeRound(run, 2));
    await fresh.app.close();
    expect(await socket.closed).toMatchObject({ code: 1001 });
    await pending.catch(() => {});
    await empty.close();
  });
});
