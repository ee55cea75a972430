import { makeClient } from '@rondo/protocol/testing';
import { beforeEach, expect, it } from 'vitest';
import { createFrameScheduler } from '../lib/frame.ts';
import { initialConnection } from '../live/connection.ts';
import { clientUpdate, makeBatch, makeSnapshot } from '../test/factories.ts';
import { createFeed } from './feed.ts';
import { useFLStore } from './fl-store.ts';

function makeFeed() {
  let frames: (() => void)[] = [];
  const scheduler = createFrameScheduler({
    requestFrame(run) {
      frames.push(run);
      return () => {
        frames = frames.filter((frame) => frame !== run);
      };
    },
  });
  const nextFrame = () => {
    const due = frames;
    frames = [];
    for (const frame of due) frame();
  };
  return { feed: createFeed(scheduler), nextFrame };
}

const loss = (id: string) => useFLStore.getState().viewer.clients[id]?.train_loss;

let updates = 0;
useFLStore.subscribe(() => updates++);

beforeEach(() => {
  useFLStore.getState().reset();
  updates = 0;
});

it('React renders on every WS message: many messages are one store update per frame', () => {
  const { feed, nextFrame } = makeFeed();
  feed.message(makeSnapshot(0, { clients: [makeClient()] }));
  for (let seq = 0; seq < 50; seq++) {
    feed.message(makeBatch(seq, seq + 1, [clientUpdate(makeClient({ train_loss: seq }))]));
    feed.link({ ...initialConnection, last_heard_at: seq });
  }
  expect(updates).toBe(0);
  nextFrame();
  expect(updates).toBe(1);
  expect(loss('c1')).toBe(49);
  expect(useFLStore.getState().link.last_heard_at).toBe(49);
});

it('keeps the reference of everything that a batch does not change', () => {
  const { feed, nextFrame } = makeFeed();
  feed.message(makeSnapshot(0, { clients: [makeClient(), makeClient({ client_id: 'c2' })] }));
  nextFrame();
  const before = useFLStore.getState().viewer;
  feed.message(makeBatch(0, 1, [clientUpdate(makeClient({ train_loss: 1 }))]));
  nextFrame();
  const after = useFLStore.getState().viewer;
  expect(after.clients.c2).toBe(before.clients.c2);
  expect(after.rounds).toBe(before.rounds);
  expect(after.metrics_history).toBe(before.metrics_history);
  expect(after.clients.c1).not.toBe(before.clients.c1);
});

it('does not hoard messages while no frame comes, as in a hidden tab', () => {
  const { feed } = makeFeed();
  feed.message(makeSnapshot(0));
  for (let seq = 0; seq < 250; seq++) feed.message(makeBatch(seq, seq + 1, []));
  expect(useFLStore.getState().viewer.seq).toBeGreaterThanOrEqual(199);
});

it('a snapshot makes what is queued before it needless', () => {
  const { feed, nextFrame } = makeFeed();
  feed.message(makeBatch(70, 71, []));
  feed.message(makeSnapshot(5));
  nextFrame();
  expect(useFLStore.getState().viewer.seq).toBe(5);
});

it('UI state changes leave the run alone', () => {
  const before = useFLStore.getState().viewer;
  useFLStore.getState().listClients(['c1']);
  expect(useFLStore.getState().ui.listed_clients).toEqual(['c1']);
  expect(useFLStore.getState().viewer).toBe(before);
});
