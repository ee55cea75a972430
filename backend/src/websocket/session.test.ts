import { closeCodes, runIdSchema } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { SocketPair } from '../../testing/socket-pair.ts';
import { Frame } from './frame.ts';
import { Session } from './session.ts';

const runId = runIdSchema.parse('a-run');
const highWater = 256 * 1024;
const silence = 30_000;

/** A session that began at 0 and stands at seq 1. */
function makeSession() {
  const socket = new SocketPair();
  const session = new Session(socket.server, 'a sign-in', { runId, epoch: undefined, seq: undefined }, 0);
  session.state = { name: 'live', runId, epoch: 'an-epoch', seq: 1 };
  return { socket, session };
}

const frame = (seq: number) => new Frame(runId, seq, []);

describe('silence', () => {
  it('[S7] pings after 30 s, again after 60 s, and ends the session after 90 s', () => {
    const { socket, session } = makeSession();
    session.checkSilence(silence - 1);
    expect(socket.deliver()).toEqual([]);
    session.checkSilence(silence);
    session.checkSilence(silence + 1_000);
    expect(socket.deliver()).toEqual(['ping']);
    session.checkSilence(2 * silence);
    session.checkSilence(3 * silence - 1);
    expect(socket.deliver()).toEqual(['ping']);
    expect(socket.isClosed).toBe(false);
    session.checkSilence(3 * silence);
    expect(socket.closes).toEqual([{ code: closeCodes.silent, reason: 'no answer to two pings' }]);
    expect(socket.terminations).toBe(1);
  });

  it('[S7] begins again with anything that is heard', () => {
    const { socket, session } = makeSession();
    session.checkSilence(silence);
    session.checkSilence(2 * silence);
    session.receive('pong', 2 * silence + 1);
    session.checkSilence(3 * silence);
    expect(socket.isClosed).toBe(false);
    socket.deliver();
    session.checkSilence(3 * silence + 1);
    expect(socket.deliver()).toEqual(['ping']);
  });

  it('[S7] pings a viewer to whom much is sent, but who says nothing', () => {
    const { socket, session } = makeSession();
    session.deliver(frame(2), 1, silence);
    socket.deliver();
    session.checkSilence(silence);
    expect(socket.deliver()).toEqual(['ping']);
  });
});

describe('what a viewer says', () => {
  it('[S7] ping is answered pong, and pong by nothing', () => {
    const { socket, session } = makeSession();
    session.receive('ping', 1);
    session.receive('pong', 2);
    session.receive('hello', 3);
    expect(socket.deliver()).toEqual(['pong']);
  });

  it('[S6] ping gets no answer while the viewer does not read', () => {
    const { socket, session } = makeSession();
    socket.stuckBytes = highWater;
    session.receive('ping', 1);
    expect(socket.inFlight).toEqual([]);
  });
});

describe('a frame', () => {
  it('[S5] begins where the viewer stands, though it may tell of more', () => {
    const { socket, session } = makeSession();
    session.state = { name: 'live', runId, epoch: 'an-epoch', seq: 4 };
    expect(session.deliver(frame(6), 3, 0)).toBe(false);
    expect(JSON.parse(socket.deliver()[0] ?? '')).toMatchObject({ from_seq: 4, seq: 6 });
    expect(session.state).toMatchObject({ name: 'live', seq: 6 });
  });

  it('[S5] that begins later than the viewer stands is not sent: it must catch up', () => {
    const { socket, session } = makeSession();
    expect(session.deliver(frame(3), 2, 0)).toBe(true);
    expect(socket.inFlight).toEqual([]);
  });

  it('[S5] that the viewer already has is not sent again', () => {
    const { socket, session } = makeSession();
    expect(session.deliver(frame(1), 0, 0)).toBe(false);
    expect(socket.inFlight).toEqual([]);
  });

  it('[S6] is not sent to a viewer that reads too slowly, now or later', () => {
    const { socket, session } = makeSession();
    socket.stuckBytes = highWater + 1;
    expect(session.deliver(frame(2), 1, 0)).toBe(false);
    socket.stuckBytes = 0;
    expect(session.deliver(frame(3), 2, 0)).toBe(false);
    expect(socket.inFlight).toEqual([]);
    expect(session.state).toMatchObject({ name: 'lagging', seq: 1 });
  });
});

describe('a slow viewer', () => {
  function makeLagging() {
    const made = makeSession();
    made.socket.stuckBytes = highWater + 1;
    made.session.deliver(frame(2), 1, 0);
    return made;
  }

  it('[S6] has drained once nearly everything has left', () => {
    const { socket, session } = makeLagging();
    socket.stuckBytes = 33 * 1024;
    expect(session.hasDrained(1_000)).toBe(false);
    socket.stuckBytes = 32 * 1024;
    expect(session.hasDrained(1_000)).toBe(true);
  });

  it('[S6] that never lagged has nothing to catch up with', () => {
    expect(makeSession().session.hasDrained(1_000)).toBe(false);
  });

  it('[S6] is let go after a minute', () => {
    const { socket, session } = makeLagging();
    expect(session.hasDrained(60_000)).toBe(false);
    expect(socket.isClosed).toBe(false);
    expect(session.hasDrained(60_001)).toBe(false);
    expect(socket.closes).toEqual([{ code: closeCodes.slow, reason: 'reads too slowly' }]);
  });
});

it('closes once, with the first reason, and is sent nothing more', () => {
  const { socket, session } = makeSession();
  session.close(closeCodes.runNotFound, 'first');
  session.close(closeCodes.internalError, 'second');
  expect(session.deliver(frame(2), 1, 0)).toBe(false);
  expect(socket.closes).toEqual([{ code: closeCodes.runNotFound, reason: 'first' }]);
  expect(socket.inFlight).toEqual([]);
});
