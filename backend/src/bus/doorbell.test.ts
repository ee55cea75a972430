import { describe, expect, it } from 'vitest';
import { makeRun } from '../../testing/facts.ts';
import { connectServers, decodeMessage, encodeMessage } from './doorbell.ts';
import { EventBus, type RemoteCommit } from './event-bus.ts';
import type { ListenHandlers } from './listener.ts';

const commitOf = (id: string): RemoteCommit => ({
  run_id: makeRun({ id }).id,
  epoch: 'epoch',
  seq: 7,
  is_new_run: false,
});

/** A bus whose connection the test controls. Records what it published. */
function makeConnected() {
  const bus = new EventBus();
  const published: unknown[] = [];
  bus.subscribe({
    committed: () => {},
    runDeleted: (id) => published.push(`deleted ${id}`),
    committedElsewhere: ({ run_id, seq }) => published.push(`${run_id} is at ${seq}`),
    sessionEnded: (id) => published.push(`ended ${id}`),
    runMoved: () => {},
    membersChanged: () => {},
    alerted: ({ title }) => published.push(`alert ${title}`),
    alertRulesChanged: (project) => published.push(`alert rules ${project}`),
    missed: () => published.push('missed'),
  });
  let handlers: ListenHandlers | undefined;
  let echo = '';
  const openListenConnection = () => {
    throw new Error('the test opens no connection');
  };
  connectServers(
    { openListenConnection },
    bus,
    () => {},
    (_open, itsEcho, its) => {
      echo = itsEcho;
      handlers = its;
      return async () => {};
    },
  );
  return {
    published,
    echo,
    receive: (payload: string) => handlers?.received(payload),
    startListening: () => handlers?.listening(),
  };
}

describe('[D1] the doorbell', () => {
  it('publishes the messages of another server, deletions first', () => {
    const { published, receive } = makeConnected();
    const deleted_runs = [commitOf('gone').run_id];
    receive(encodeMessage('other', { runs: [commitOf('r')], deleted_runs, ended_sessions: ['s'] }));
    expect(published).toEqual(['deleted gone', 'r is at 7', 'ended s']);
  });

  it('skips the messages of its own server', () => {
    const { published, receive, echo } = makeConnected();
    const { server } = JSON.parse(echo);
    receive(encodeMessage(server, { runs: [commitOf('r')] }));
    expect(published).toEqual([]);
  });

  it('[D3] reports possible losses when it starts to listen, and after an oversized or unreadable message', () => {
    const { published, receive, startListening } = makeConnected();
    startListening();
    receive('{"server":"other","is_too_much":true}');
    receive('not JSON');
    receive('{"server":"other","runs":"a later version"}');
    expect(published).toEqual(['missed', 'missed', 'missed', 'missed']);
  });

  it('never sends more bytes than PostgreSQL accepts', () => {
    const wide = (count: number) => ({
      runs: Array.from({ length: count }, (_, n) => commitOf(`${n}`.padEnd(128, '語'))),
    });
    const sizes = Array.from({ length: 40 }, (_, count) => Buffer.byteLength(encodeMessage('server', wide(count))));
    expect(Math.max(...sizes)).toBeLessThan(8_000);
    expect(decodeMessage(encodeMessage('server', wide(10)))).toEqual({ server: 'server', ...wide(10) });
    expect(decodeMessage(encodeMessage('server', wide(40)))).toEqual({ server: 'server', is_too_much: true });
  });

  it('sends nothing on the embedded database', async () => {
    const bus = new EventBus();
    const disconnect = connectServers({}, bus, () => {});
    await bus.announce({} as never, { runs: [commitOf('r')] });
    await disconnect();
  });
});
