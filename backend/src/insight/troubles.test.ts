import { expect, it } from 'vitest';
import { ServerTroubles, shownAfterMs } from './troubles.ts';

function makeTroubles() {
  let [now, changes] = [Date.UTC(2026, 0, 1), 0];
  const troubles = new ServerTroubles({
    now: () => now,
    onChanged: () => {
      changes += 1;
    },
  });
  return { troubles, changes: () => changes, pass: (ms: number) => (now += ms) };
}

it('[G15] shows a trouble while it lasts and ten minutes after it', () => {
  const { troubles, changes, pass } = makeTroubles();
  troubles.note('server_disk', null);
  expect([troubles.list(), changes()]).toEqual([[], 0]);
  troubles.note('server_disk', 'it is full');
  pass(42_000);
  troubles.note('server_disk', 'it is still full');
  const since = '2026-01-01T00:00:00.000Z';
  expect(troubles.list()).toEqual([
    {
      rule: 'server_disk',
      since,
      detail: 'the server refuses reports: it is still full',
      evidence: { reason: 'it is still full', is_over: false },
    },
  ]);
  expect([troubles.has('server_disk'), troubles.has('server_database'), changes()]).toEqual([true, false, 1]);
  troubles.note('server_disk', null);
  expect(troubles.list()).toMatchObject([
    {
      since,
      detail: 'the server refused reports for 42 s, until 2026-01-01T00:00:42.000Z: it is still full',
      evidence: { is_over: true, lasted_ms: 42_000 },
    },
  ]);
  expect([troubles.has('server_disk'), changes()]).toEqual([false, 2]);
  pass(shownAfterMs - 1);
  troubles.note('server_disk', null);
  expect([troubles.list().length, changes()]).toEqual([1, 2]);
  pass(1);
  troubles.note('server_disk', null);
  expect([troubles.list(), changes()]).toEqual([[], 3]);
});

it('[G15] a trouble that comes back has a new beginning', () => {
  const { troubles, pass } = makeTroubles();
  troubles.note('server_database', 'away');
  pass(1_000);
  troubles.note('server_database', null);
  pass(1_000);
  troubles.note('server_database', 'away');
  expect(troubles.list()).toMatchObject([{ since: '2026-01-01T00:00:02.000Z', evidence: { is_over: false } }]);
});
