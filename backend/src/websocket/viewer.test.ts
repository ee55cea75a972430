import { closeCodes, runIdSchema } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { SocketPair } from '../../testing/socket-pair.ts';
import { SerializedBatch } from './serialized-batch.ts';
import { Viewer } from './viewer.ts';

const runId = runIdSchema.parse('a-run');
const highWater = 256 * 1024;
const silence = 30_000;

/** A viewer that connected at 0 and is live at this seq. */
function makeViewer(seq = 1) {
  const socket = new SocketPair();
  const viewer = new Viewer(
    socket.server,
    { signInId: 'a sign-in', userId: null, visible: null },
    { runId, epoch: undefined, seq: undefined },
    0,
  );
  viewer.goLive(viewer.startCatchUp(runId), { epoch: 'an-epoch', seq });
  return { socket, viewer };
}

const batch = (seq: number) => new SerializedBatch(runId, seq, []);

describe('silence', () => {
  it('[S7] pings after 30 s, again after 60 s, and closes the socket after 90 s', () => {
    const { socket, viewer } = makeViewer();
    viewer.checkSilence(silence - 1);
    expect(socket.deliver()).toEqual([]);
    viewer.checkSilence(silence);
    viewer.checkSilence(silence + 1_000);
    expect(socket.deliver()).toEqual(['ping']);
    viewer.checkSilence(2 * silence);
    viewer.checkSilence(3 * silence - 1);
    expect(socket.deliver()).toEqual(['ping']);
    expect(socket.isClosed).toBe(false);
    viewer.checkSilence(3 * silence);
    expect(socket.closes).toEqual([{ code: closeCodes.silent, reason: 'no answer to two pings' }]);
    expect(socket.terminations).toBe(1);
  });

  it('[S7] any message restarts the period', () => {
    const { socket, viewer } = makeViewer();
    viewer.checkSilence(silence);
    viewer.checkSilence(2 * silence);
    viewer.receive('pong', 2 * silence + 1);
    viewer.checkSilence(3 * silence);
    expect(socket.isClosed).toBe(false);
    socket.deliver();
    viewer.checkSilence(3 * silence + 1);
    expect(socket.deliver()).toEqual(['ping']);
  });

  it('[S7] pings a viewer that receives much but sends nothing', () => {
    const { socket, viewer } = makeViewer();
    viewer.deliver(batch(2), 1, silence);
    socket.deliver();
    viewer.checkSilence(silence);
    expect(socket.deliver()).toEqual(['ping']);
  });
});

describe('a message from a viewer', () => {
  it('[S7] ping is answered with pong; pong and unknown text are not answered', () => {
    const { socket, viewer } = makeViewer();
    viewer.receive('ping', 1);
    viewer.receive('pong', 2);
    viewer.receive('hello', 3);
    expect(socket.deliver()).toEqual(['pong']);
  });

  it('[S6] ping is not answered while the viewer does not read', () => {
    const { socket, viewer } = makeViewer();
    socket.stuckBytes = highWater;
    viewer.receive('ping', 1);
    expect(socket.inFlight).toEqual([]);
  });
});

describe('a batch', () => {
  it('[S5] starts at the position of the viewer', () => {
    const { socket, viewer } = makeViewer(4);
    expect(viewer.deliver(batch(6), 3, 0)).toBe(false);
    expect(JSON.parse(socket.deliver()[0] ?? '')).toMatchObject({ from_seq: 4, seq: 6 });
    expect(viewer.state).toMatchObject({ name: 'live', seq: 6 });
  });

  it('[S5] that starts after the position of the viewer is not sent: the viewer must catch up', () => {
    const { socket, viewer } = makeViewer();
    expect(viewer.deliver(batch(3), 2, 0)).toBe(true);
    expect(socket.inFlight).toEqual([]);
  });

  it('[S5] that the viewer already has is not sent', () => {
    const { socket, viewer } = makeViewer();
    expect(viewer.deliver(batch(1), 0, 0)).toBe(false);
    expect(socket.inFlight).toEqual([]);
  });

  it('[S6] is not sent to a lagging viewer, even after it has drained', () => {
    const { socket, viewer } = makeViewer();
    socket.stuckBytes = highWater + 1;
    expect(viewer.deliver(batch(2), 1, 0)).toBe(false);
    socket.stuckBytes = 0;
    expect(viewer.deliver(batch(3), 2, 0)).toBe(false);
    expect(socket.inFlight).toEqual([]);
    expect(viewer.state).toMatchObject({ name: 'lagging', seq: 1 });
  });
});

describe('a slow viewer', () => {
  function makeLagging() {
    const made = makeViewer();
    made.socket.stuckBytes = highWater + 1;
    made.viewer.deliver(batch(2), 1, 0);
    return made;
  }

  it('[S6] has drained once at most 32 KiB remain buffered', () => {
    const { socket, viewer } = makeLagging();
    socket.stuckBytes = 33 * 1024;
    expect(viewer.hasDrained(1_000)).toBe(false);
    socket.stuckBytes = 32 * 1024;
    expect(viewer.hasDrained(1_000)).toBe(true);
  });

  it('[S6] that never lagged has not drained', () => {
    expect(makeViewer().viewer.hasDrained(1_000)).toBe(false);
  });

  it('[S6] is closed after a minute', () => {
    const { socket, viewer } = makeLagging();
    expect(viewer.hasDrained(60_000)).toBe(false);
    expect(socket.isClosed).toBe(false);
    expect(viewer.hasDrained(60_001)).toBe(false);
    expect(socket.closes).toEqual([{ code: closeCodes.slow, reason: 'reads too slowly' }]);
  });
});

it('closes once, with the first reason, and receives nothing after it', () => {
  const { socket, viewer } = makeViewer();
  viewer.close(closeCodes.runNotFound, 'first');
  viewer.close(closeCodes.internalError, 'second');
  expect(viewer.deliver(batch(2), 1, 0)).toBe(false);
  expect(socket.closes).toEqual([{ code: closeCodes.runNotFound, reason: 'first' }]);
  expect(socket.inFlight).toEqual([]);
});
