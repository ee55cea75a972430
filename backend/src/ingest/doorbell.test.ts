import { describe, expect, it } from 'vitest';
import type { Database } from '../db/database.ts';
import type { Hearing } from '../db/listener.ts';
import { makeRun } from '../testing/facts.ts';
import { connectServers, decodeNews, encodeNews } from './doorbell.ts';
import { EventBus, type Ring } from './event-bus.ts';

const ringOf = (id: string): Ring => ({ run_id: makeRun({ id }).id, epoch: 'epoch', seq: 7, is_new_run: false });

/** A bus on a line that the test speaks into, and what it passed on. */
function makeConnected() {
  const bus = new EventBus();
  const told: unknown[] = [];
  bus.subscribe({
    committed: () => {},
    runDeleted: (id) => told.push(`deleted ${id}`),
    rung: ({ run_id, seq }) => told.push(`${run_id} is at ${seq}`),
    sessionEnded: (id) => told.push(`ended ${id}`),
    missed: () => told.push('missed'),
  });
  let hearing: Hearing | undefined;
  let echo = '';
  const listen: Database['listen'] = (its, said) => {
    echo = its;
    hearing = said;
    return async () => {};
  };
  connectServers({ listen } as unknown as Database, bus, () => {});
  return { told, echo, heard: (payload: string) => hearing?.heard(payload), listening: () => hearing?.listening() };
}

describe('[D1] the doorbell', () => {
  it('passes on what another server says, deletions first', () => {
    const { told, heard } = makeConnected();
    heard(encodeNews('other', { runs: [ringOf('r')], deleted_runs: [ringOf('gone').run_id], ended_sessions: ['s'] }));
    expect(told).toEqual(['deleted gone', 'r is at 7', 'ended s']);
  });

  it('skips what its own server says', () => {
    const { told, heard, echo } = makeConnected();
    const { server } = JSON.parse(echo);
    heard(encodeNews(server, { runs: [ringOf('r')] }));
    expect(told).toEqual([]);
  });

  it('[D3] asks the database when it begins to listen, and when a ring says too much or nothing it can read', () => {
    const { told, heard, listening } = makeConnected();
    listening();
    heard('{"server":"other","is_too_much":true}');
    heard('not JSON');
    heard('{"server":"other","runs":"a later version"}');
    expect(told).toEqual(['missed', 'missed', 'missed', 'missed']);
  });

  it('never says more than PostgreSQL takes, counted in bytes', () => {
    const wide = (count: number) => ({
      runs: Array.from({ length: count }, (_, n) => ringOf(`${n}`.padEnd(128, '語'))),
    });
    const sizes = Array.from({ length: 40 }, (_, count) => Buffer.byteLength(encodeNews('server', wide(count))));
    expect(Math.max(...sizes)).toBeLessThan(8_000);
    expect(decodeNews(encodeNews('server', wide(10)))).toEqual({ server: 'server', ...wide(10) });
    expect(decodeNews(encodeNews('server', wide(40)))).toEqual({ server: 'server', is_too_much: true });
  });

  it('rings nobody on the embedded database', async () => {
    const bus = new EventBus();
    const leave = connectServers({} as Database, bus, () => {});
    await bus.announce({} as never, { runs: [ringOf('r')] });
    await leave();
  });
});
