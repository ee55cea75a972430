import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeSnapshot } from '../test/factories.ts';
import { FakeSocket } from '../test/fake-socket.ts';
import { createLink, type LinkPorts } from './socket.ts';

let ports: LinkPorts & { tickets: (() => Promise<string | 'unauthorized'>)[] };

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  const tickets: (() => Promise<string | 'unauthorized'>)[] = [];
  ports = {
    tickets,
    origin: 'http://localhost:8000',
    getTicket: () => (tickets.shift() ?? (async () => 'ticket'))(),
    poll: async () => makeSnapshot(5),
    openSocket: (url) => new FakeSocket(url).asWebSocket(),
    now: Date.now,
    random: () => 0.5,
    onChange: vi.fn(),
    onMessage: vi.fn(),
    onAlert: vi.fn(),
    onRenewSession: vi.fn(),
    onGiveUp: vi.fn(),
  };
});
afterEach(() => vi.useRealTimers());

const flush = () => vi.advanceTimersByTimeAsync(0);

describe('the browser edge', () => {
  it('gets a ticket for each connection and never puts another token into an address', async () => {
    const link = createLink(ports);
    link.start('run-1', { run_id: 'run-1', epoch: 'e1', seq: 7 });
    await flush();
    expect(FakeSocket.all[0]?.url).toBe(
      'ws://localhost:8000/ws/events?token=ticket&alerts=1&run_id=run-1&epoch=e1&seq=7',
    );
    link.stop();
  });

  it('WS reconnects after server restart (no zombie connections)', async () => {
    const link = createLink(ports);
    link.start(null, null);
    await flush();
    const first = FakeSocket.last();
    first.opens();
    first.says(makeSnapshot(3));
    first.ends(1001);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last().opens();
    FakeSocket.last().says(makeSnapshot(4));
    first.says(makeSnapshot(99));
    expect(ports.onMessage).toHaveBeenCalledTimes(2);
    link.stop();
    expect(FakeSocket.all.filter((socket) => socket.isOpen)).toEqual([]);
    expect(FakeSocket.last().closedWith).toEqual([1000]);
  });

  it('[E9] shows an alert, which is no part of the history of a run', async () => {
    const link = createLink(ports);
    link.start(null, null);
    await flush();
    const socket = FakeSocket.last();
    socket.opens();
    socket.says(makeSnapshot(3));
    const notice = { type: 'alert', delivery_id: 'd', project_id: 'default', severity: 'critical', title: 'it failed' };
    socket.says(notice);
    expect(ports.onAlert).toHaveBeenCalledExactlyOnceWith(notice);
    expect(ports.onMessage).toHaveBeenCalledTimes(1);
    link.stop();
  });

  it('WebSocket reconnects in infinite loop: one connection, then none, when the server closes with 4001', async () => {
    const link = createLink(ports);
    link.start(null, null);
    await flush();
    FakeSocket.last().opens();
    FakeSocket.last().ends(4001);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(ports.onRenewSession).toHaveBeenCalledTimes(1);
    link.stop();
  });

  it('treats a missing session like 4001 and an unreachable server like a lost link', async () => {
    ports.tickets.push(
      () => Promise.reject(new Error('offline')),
      async () => 'unauthorized',
    );
    const link = createLink(ports);
    link.start(null, null);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(0);
    expect(ports.onRenewSession).toHaveBeenCalledTimes(1);
    link.stop();
  });

  it('opens nothing when it was stopped while the ticket was under way', async () => {
    const link = createLink(ports);
    link.start(null, null);
    link.stop();
    await flush();
    expect(FakeSocket.all).toHaveLength(0);
  });

  it('finds out within 5 s that a connection hangs silently', async () => {
    const link = createLink(ports);
    link.start(null, null);
    await flush();
    FakeSocket.last().opens();
    FakeSocket.last().says(makeSnapshot(1));
    await vi.advanceTimersByTimeAsync(4_900);
    expect(FakeSocket.all[0]?.closedWith).toEqual([1000]);
    link.stop();
  });
});
