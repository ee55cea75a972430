import { expect, it } from 'vitest';
import { initialConnection } from './connection.ts';
import type { Connection } from './connection-types.ts';
import { linkFace } from './link-face.ts';

const { state: _, ...memory } = initialConnection;
const live: Connection = { ...memory, state: 'live', socket_id: 1, since: 0, pinged_at: null, last_heard_at: 1_000 };
const waiting: Connection = { ...memory, state: 'waiting', retry_at: 9_000, last_heard_at: 1_000 };

it('is live with the age of the last word', () => {
  expect(linkFace(live, 1_200)).toEqual({ face: 'live', age_ms: 200 });
});

it('is stale within 5 s of the last word, even while the socket claims to be open', () => {
  expect(linkFace(live, 6_000)).toMatchObject({ face: 'stale', age_ms: 5_000 });
});

it('is stale 2 s after a lost link, and says when it tries again', () => {
  expect(linkFace(waiting, 3_000)).toEqual({ face: 'stale', age_ms: 2_000, retry_in_ms: 6_000 });
});

it('does not call a link stale that drops for a moment', () => {
  expect(linkFace(waiting, 1_500)).toEqual({ face: 'waiting', retry_in_ms: 7_500 });
});

it('is not stale but waiting when nothing has ever come', () => {
  expect(linkFace({ ...waiting, last_heard_at: null }, 8_000)).toEqual({ face: 'waiting', retry_in_ms: 1_000 });
});

it('says when the session has ended', () => {
  expect(linkFace({ ...memory, state: 'unauthorized' }, 0)).toEqual({ face: 'unauthorized' });
});

it('is neither stale nor connecting while the run is not there, whatever the socket does', () => {
  expect(linkFace({ ...waiting, is_missing: true }, 60_000)).toEqual({ face: 'missing' });
  expect(linkFace({ ...live, is_missing: true }, 1_200)).toEqual({ face: 'missing' });
});

it('[S13] says that it polls while REST answers, and is stale when that stops as well', () => {
  const polling: Connection = { ...waiting, last_heard_at: null, num_mute: 3, poll_at: 20_000, polled_at: 10_000 };
  expect(linkFace(polling, 12_000)).toEqual({ face: 'polling', age_ms: 2_000, every_ms: 5_000 });
  expect(linkFace(polling, 40_000)).toMatchObject({ face: 'stale', age_ms: 30_000 });
});
