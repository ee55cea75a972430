import {
  applyBatch,
  type BatchMessage,
  fromSnapshot,
  type LiveEvent,
  liveEventKey,
  serverMessageSchema,
} from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { listClients } from '../../src/db/queries/clients.ts';
import { newestRunId, readChanges, readPage, readSnapshot } from '../../src/db/queries/live.ts';
import { sweepSilent } from '../../src/ingest/silence.ts';
import { aWholeRound, makeRun } from '../facts.ts';
import { makeWriter } from '../writer.ts';

const keysOf = (events: readonly LiveEvent[] = []) => events.map(liveEventKey).sort();

/** What viewers read: snapshots, changes, and clients that fell silent. */
export const liveContract = (database: () => Database): void => {
  describe('live', () => {
    it('reads exactly what changed since a seq', async () => {
      const { run, writer, epoch, since } = await aKnownRun(database());
      await writer.submit([
        run.say('round_started', { round: 2, client_ids: ['a'] }),
        run.say('metric', { name: 'loss', value: 1, step: 2 }),
        run.say('log', { level: 'info', message: 'on we go' }),
      ]);
      const changes = await readChanges(database().db, run.id, epoch, since);
      expect(changes?.seq).toBe(since + 1);
      const keys = ['["metric","loss",null,null,2]', 'client a', expect.stringMatching(/^log \d+$/), 'round 2', 'run'];
      expect(keysOf(changes?.events)).toEqual(keys);
    });

    it('reads nothing when nothing changed', async () => {
      const { run, epoch, since } = await aKnownRun(database());
      expect(await readChanges(database().db, run.id, epoch, since)).toEqual({ seq: since, events: [] });
    });

    it('names what is new to this viewer as joined and started, the rest as updates', async () => {
      const { run, writer, epoch, since } = await aKnownRun(database());
      await writer.submit([run.say('round_started', { round: 2, client_ids: ['a', 'c'] })]);
      const changes = await readChanges(database().db, run.id, epoch, since);
      expect(
        changes?.events.map(({ type, data }) => `${type} ${'client_id' in data ? data.client_id : ''}`).sort(),
      ).toEqual(['client_joined c', 'client_update a', 'round_started ', 'run_update ']);
    });

    it('leaves it to a snapshot when the epoch is another, the seq is of the future, or the run is unknown', async () => {
      const { run, epoch, since } = await aKnownRun(database());
      const { db } = database();
      expect(await readChanges(db, run.id, 'another', since)).toBeUndefined();
      expect(await readChanges(db, run.id, epoch, since + 1)).toBeUndefined();
      expect(await readChanges(db, makeRun().id, epoch, 0)).toBeUndefined();
    });

    it('leaves it to a snapshot when too much changed', async () => {
      const { run, writer, epoch, since } = await aKnownRun(database());
      const points = Array.from({ length: 5_001 }, (_, step) => run.say('metric', { name: 'many', value: 0, step }));
      await writer.submit(points);
      expect(await readChanges(database().db, run.id, epoch, since)).toBeUndefined();
    });

    it('[S12] reads a large run in pages of whole transactions, and what changes meanwhile comes later', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const join = (n: number) => run.say('client_joined', { client_id: `c${n}` });
      for (const ids of [[0, 1], [2, 3, 4, 5, 6], [7], [8, 9]]) await writer.submit(ids.map(join));
      await writer.submit([run.say('log', { level: 'info', message: 'known' })]);
      const first = await readSnapshot(db, run.id, 3);
      if (first?.complete_at === undefined) throw new Error('the run is small');
      expect([first.seq, first.complete_at, first.data.clients, first.data.logs.length]).toEqual([0, 5, [], 1]);
      let state = fromSnapshot(first);
      const sizes: number[] = [];
      for (let isLast = false; !isLast; ) {
        const wish = { since: state.seq, othersSince: Math.max(state.seq, first.complete_at), maxClients: 3 };
        const page = await readPage(db, run.id, first.epoch, wish);
        if (!page) throw new Error('the run is gone');
        const { seq, events } = page;
        sizes.push(events.length);
        const next = applyBatch(state, { type: 'batch', run_id: run.id, from_seq: state.seq, seq, events });
        if (next === 'gap') throw new Error('a gap');
        state = next;
        if (sizes.length === 1) await writer.submit([join(3), run.say('log', { level: 'info', message: 'new' })]);
        isLast = page.isLast;
      }
      // `c3` joined again meanwhile, so it comes at its newer place.
      expect(sizes).toEqual([2, 4, 3, 2]);
      const now = await readSnapshot(db, run.id);
      if (!now) throw new Error('the run is gone');
      expect(state).toEqual(fromSnapshot(now));
      expect(await readPage(db, run.id, 'another', { since: 0, othersSince: 0 })).toBeUndefined();
    });

    it('snapshot plus changes equals the snapshot of now', async () => {
      const { db } = database();
      const { run, writer, epoch, since } = await aKnownRun(database());
      const before = await readSnapshot(db, run.id);
      await writer.submit([...aWholeRound(run, 2, ['b', 'c']), run.say('metric', { name: 'loss', value: 1, step: 2 })]);
      await writer.submit([
        run.say('log', { level: 'error', message: 'oh' }),
        run.say('run_complete', { status: 'complete' }),
      ]);
      const changes = await readChanges(db, run.id, epoch, since);
      const now = await readSnapshot(db, run.id);
      if (!before || !changes || !now) throw new Error('the run is gone');
      const batch: BatchMessage = { type: 'batch', run_id: run.id, from_seq: since, ...changes };
      expect(applyBatch(fromSnapshot(before), batch)).toEqual(fromSnapshot(now));
    });

    it('reads a snapshot that is what the protocol says, with one point of history a round', async () => {
      const { db } = database();
      const { run } = await aKnownRun(database());
      const snapshot = await readSnapshot(db, run.id);
      expect(serverMessageSchema.parse(snapshot)).toEqual(snapshot);
      expect(snapshot?.data.metrics_history).toEqual([{ round: 1, loss: 1, accuracy: 0 }]);
      expect(await readSnapshot(db, makeRun().id)).toBeUndefined();
    });

    it('keeps the newest 200 rounds in a snapshot, and the history of all', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const rounds = Array.from({ length: 205 }, (_, n) => run.say('round_complete', { round: n + 1, global_loss: n }));
      await writer.submit(rounds);
      const data = (await readSnapshot(db, run.id))?.data;
      expect([data?.rounds.length, data?.rounds[0]?.round, data?.rounds.at(-1)?.round]).toEqual([200, 205, 6]);
      expect([data?.metrics_history.length, data?.metrics_history[0]?.round]).toEqual([205, 1]);
    });

    it('publishes on the bus the same changes that the database returns', async () => {
      const { db } = database();
      const { writer, published } = makeWriter(db);
      const run = makeRun();
      await writer.submit([...aWholeRound(run, 1), run.say('metric', { name: 'loss', value: 1, step: 2 })]);
      const [committed] = published;
      const changes = await readChanges(db, run.id, committed?.epoch ?? '', 0);
      const inOrder = (events: readonly LiveEvent[] = []) =>
        [...events].sort((a, b) => liveEventKey(a).localeCompare(liveEventKey(b)));
      expect(inOrder(committed?.events())).toEqual(inOrder(changes?.events));
    });

    it('[S9] [ux B4] follows the running run that started last, and of runs that are over the one that ended last', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      // Later than any other test's: this is about the whole database.
      const [first, late, over] = [
        makeRun({ start: '2126-02-01T00:00:00.000Z' }),
        makeRun({ start: '2126-01-01T00:00:00.000Z' }),
        makeRun({ start: '2126-03-01T00:00:00.000Z' }),
      ];
      const clock = { now: () => new Date('2127-01-01T00:00:00.000Z') };
      const { writer: later } = makeWriter(db, clock.now);
      await later.submit([first.say('run_started', { name: 'first', framework: 'x' })]);
      // One that is reported late, and one that is over already.
      await later.submit([late.say('run_started', { name: 'late', framework: 'x' })]);
      await later.submit([
        over.say('run_started', { name: 'over', framework: 'x' }),
        over.say('run_complete', { status: 'complete' }),
      ]);
      expect(await newestRunId(db, null)).toBe(first.id);
      await db.execute(sql`update runs set imported_at = now() where run_id = ${first.id}`);
      expect(await newestRunId(db, null)).not.toBe(first.id);
      await db.execute(sql`update runs set imported_at = null where run_id = ${first.id}`);
      await writer.submit([first.say('run_complete', { status: 'complete' })]);
      expect(await newestRunId(db, null)).not.toBe(over.id);
    });

    it('marks silent clients offline by the clock of the server, and says so on the bus', async () => {
      const { db } = database();
      // Long before the reports of any other test's clients, because this sweeps the whole database.
      let now = Date.parse('2001-01-01T00:00:00.000Z');
      const { writer, published } = makeWriter(db, () => new Date(now));
      const run = makeRun({ start: '2031-01-01T00:00:00.000Z' });
      const sweep = () => sweepSilent({ db, writer, offlineAfterMs: 60_000, now: () => now });
      await writer.submit([run.say('round_started', { round: 1, client_ids: ['quiet', 'chatty'] })]);
      now += 45_000;
      await writer.submit([run.say('client_heartbeat', { client_id: 'chatty' })]);
      expect(await sweep()).toBe(0);
      now += 30_000;
      expect(await sweep()).toBe(1);
      expect(published.at(-1)?.events()).toMatchObject([
        {
          type: 'client_update',
          data: { client_id: 'quiet', status: 'offline', is_online: false, round_outcome: 'pending' },
        },
      ]);
      const { items } = await listClients(db, { visible: null, run_id: run.id, limit: 10, offset: 0 });
      expect(items.map(({ client_id, is_online }) => [client_id, is_online])).toEqual([
        ['chatty', true],
        ['quiet', false],
      ]);
      expect(await sweep()).toBe(0);
      await writer.submit([run.say('client_heartbeat', { client_id: 'quiet' })]);
      expect(published.at(-1)?.events()).toMatchObject([
        { data: { client_id: 'quiet', status: 'training', is_online: true } },
      ]);
    });
  });
};

async function aKnownRun({ db }: Database) {
  const { writer } = makeWriter(db);
  const run = makeRun();
  await writer.submit([...aWholeRound(run, 1), run.say('metric', { name: 'loss', value: 2, step: 1 })]);
  const snapshot = await readSnapshot(db, run.id);
  if (!snapshot) throw new Error('the run was not stored');
  return { run, writer, epoch: snapshot.epoch, since: snapshot.seq };
}
