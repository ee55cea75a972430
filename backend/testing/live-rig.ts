import type { RunId } from '@rondo/protocol';
import type { Input } from '../src/ingest/state.ts';
import { Hub } from '../src/websocket/hub.ts';
import type { Subscription, Viewer } from '../src/websocket/viewer.ts';
import { MemorySource } from './memory-source.ts';
import { SocketPair, viewed } from './socket-pair.ts';

/** Lets everything run that can run without a timer, a read or a delivery. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export interface TestViewer {
  readonly socket: SocketPair;
  readonly viewer: Viewer;
}

/** A hub over a database in memory, with a clock and timers that the test moves. */
export function makeLive() {
  const source = new MemorySource();
  const timers: (() => void)[] = [];
  const errors: unknown[] = [];
  let nowMs = Date.parse('2026-01-31T12:00:00.000Z');
  const hub = new Hub({
    source,
    now: () => nowMs,
    setTimer: (run) => timers.push(run),
    onError: (error) => errors.push(error),
  });
  const publish = (inputs: readonly Input[]) => {
    const committed = source.commit(inputs);
    if (committed) hub.publish(committed);
    return committed;
  };
  /** The time of every frame that waits comes. */
  const frame = () => {
    nowMs += 50;
    for (const run of timers.splice(0)) run();
  };
  return {
    hub,
    source,
    errors,
    timers,
    publish,
    frame,
    now: () => nowMs,
    advance: (ms: number) => {
      nowMs += ms;
    },
    open: (asked: Partial<Subscription> = {}, signInId = 'a sign-in'): TestViewer => {
      const socket = new SocketPair();
      const whole = { runId: undefined, epoch: undefined, seq: undefined, ...asked };
      return { socket, viewer: hub.open(socket.server, { signInId, userId: null, visible: null }, whole) };
    },
    /** Commits, and gives the frame its time and the reads theirs. */
    async commit(...inputs: Input[]) {
      publish(inputs);
      frame();
      await settle();
    },
    /** The content of the database, as a viewer sees it. */
    truth: (runId: RunId) => viewed([JSON.stringify(source.snapshotNow(runId))]),
  };
}
export type TestLive = ReturnType<typeof makeLive>;
