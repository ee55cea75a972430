import { clientIdSchema } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { clientHistory } from '../../src/db/queries/client-history.ts';
import { listClients } from '../../src/db/queries/clients.ts';
import { metricsSummary } from '../../src/db/queries/metrics.ts';
import { readSeries } from '../../src/db/queries/read-series.ts';
import { listRounds } from '../../src/db/queries/rounds.ts';
import { deleteRun, findRun } from '../../src/db/queries/runs.ts';
import { aWholeRound, makeRun, type TestRun } from '../facts.ts';
import { makeWriter } from '../writer.ts';

const page = { limit: 100, offset: 0 };

/** What REST clients read: lists, figures and series. */
export const queryContract = (database: () => Database): void => {
  describe('lists', () => {
    it('rounds come newest first, in pages, with the total of all', async () => {
      const { db } = database();
      const run = makeRun();
      await store(
        database(),
        [3, 1, 2, 5, 4].map((round) => run.say('round_complete', { round })),
      );
      const second = await listRounds(db, { visible: null, run_id: run.id, limit: 2, offset: 2 });
      expect([second.total, second.items.map(({ round }) => round)]).toEqual([5, [3, 2]]);
      const past = await listRounds(db, { visible: null, run_id: run.id, limit: 2, offset: 50 });
      expect(past).toEqual({ items: [], total: 5, next: null });
    });

    it('rounds are filtered by status, and the total counts the matches', async () => {
      const run = makeRun();
      await store(database(), [...aWholeRound(run, 1), run.say('round_started', { round: 2, client_ids: ['a'] })]);
      const open = await listRounds(database().db, { visible: null, run_id: run.id, status: 'collecting', ...page });
      expect([open.total, open.items.map(({ round }) => round)]).toEqual([1, [2]]);
    });

    it('clients come by id, filtered by status', async () => {
      const { db } = database();
      const run = makeRun();
      await store(database(), [
        run.say('client_joined', { client_id: 'b' }),
        run.say('client_joined', { client_id: 'a' }),
        run.say('client_left', { client_id: 'a' }),
      ]);
      const all = await listClients(db, { visible: null, run_id: run.id, ...page });
      expect([all.total, all.items.map(({ client_id }) => client_id)]).toEqual([2, ['a', 'b']]);
      const gone = await listClients(db, { visible: null, run_id: run.id, status: 'offline', ...page });
      expect([gone.total, gone.items.map(({ client_id }) => client_id)]).toEqual([1, ['a']]);
    });

    it('without a run, each client appears once, as it was last seen in any', async () => {
      const { db } = database();
      const [older, newer] = [makeRun(), makeRun()];
      const client_id = `client of ${older.id}`;
      const report = async (run: TestRun, at: string, dataset_size: number) =>
        makeWriter(db, () => new Date(at)).writer.submit([run.say('client_joined', { client_id, dataset_size })]);
      await report(newer, '2026-02-02T00:00:00.000Z', 2);
      await report(older, '2026-02-01T00:00:00.000Z', 1);
      const { items, total } = await listClients(db, { visible: null, limit: 10_000, offset: 0 });
      expect(total).toBe(items.length);
      expect(items.filter((client) => client.client_id === client_id)).toMatchObject([
        { run_id: newer.id, dataset_size: 2, last_heartbeat: '2026-02-02T00:00:00.000Z' },
      ]);
    });

    it("a client's history has its parts of every run, newest first, or of one", async () => {
      const { db } = database();
      const [first, second] = [makeRun(), makeRun()];
      const client_id = clientIdSchema.parse(`client ${first.id}`.slice(0, 64));
      await store(database(), aWholeRound(first, 1, [client_id]));
      await store(database(), aWholeRound(first, 2, [client_id, 'other']));
      await store(database(), aWholeRound(second, 1, [client_id]));
      const all = await clientHistory(db, { visible: null, client_id, ...page });
      expect(all?.items.map(({ run_id, round }) => [run_id, round])).toEqual([
        [second.id, 1],
        [first.id, 2],
        [first.id, 1],
      ]);
      expect(await clientHistory(db, { visible: null, client_id, run_id: first.id, ...page })).toMatchObject({
        total: 2,
      });
      expect(
        await clientHistory(db, { visible: null, client_id: clientIdSchema.parse('unknown'), ...page }),
      ).toBeUndefined();
    });

    it('deleting a run deletes all of its data, and the run may be reported again', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const facts = [...aWholeRound(run, 1), run.say('metric', { name: 'loss', value: 1, step: 1 })];
      await writer.submit(facts);
      expect(await deleteRun(db, run.id)).toEqual({ isWhole: true });
      expect(await deleteRun(db, run.id)).toBeUndefined();
      expect(await listRounds(db, { visible: null, run_id: run.id, ...page })).toEqual({
        items: [],
        total: 0,
        next: null,
      });
      expect(await writer.submit(facts)).toMatchObject({ accepted: 5, duplicates: 0 });
      expect(await findRun(db, run.id, null)).toMatchObject({ num_clients: 2, current_round: 1 });
    });
  });

  describe('figures', () => {
    it('the summary has the newest round that has any, and the latest of every server-side metric', async () => {
      const run = makeRun();
      await store(database(), [
        run.say('metric', { name: 'lr', value: 0.2, step: 2 }),
        run.say('metric', { name: 'lr', value: 0.1, step: 1 }),
        run.say('metric', { name: 'of a client', value: 1, step: 1, client_id: 'a' }),
        run.say('round_complete', { round: 1, global_loss: 0.9, metrics: { f1: 0.4 } }),
        run.say('round_complete', { round: 2, global_loss: 0.7, global_accuracy: 0.8, metrics: { f1: 0.5 } }),
        run.say('round_started', { round: 3, client_ids: ['a'] }),
      ]);
      expect(await metricsSummary(database().db, run.id)).toEqual({
        run_id: run.id,
        round: 2,
        global_loss: 0.7,
        global_accuracy: 0.8,
        metrics: { lr: 0.2, f1: 0.5 },
      });
    });

    it('the summary of a run without figures has none', async () => {
      const run = makeRun();
      await store(database(), [run.say('client_joined', { client_id: 'a' })]);
      const none = { run_id: run.id, round: null, global_loss: null, global_accuracy: null, metrics: {} };
      expect(await metricsSummary(database().db, run.id)).toEqual(none);
    });

    it('[M2] the figures of rounds and client results are also series', async () => {
      const { db } = database();
      const run = makeRun();
      const result = { client_id: 'a', sample_count: 10, bytes_up: 2 ** 40, metrics: { f1: 0.5 } };
      await store(database(), [
        run.say('round_started', { round: 1, client_ids: ['a', 'b'] }),
        run.say('client_result', { round: 1, train_loss: 0.25, ...result }),
        run.say('round_complete', { round: 1, global_loss: 0.5, global_accuracy: 0.75, metrics: { auc: 0.9 } }),
      ]);
      const series = async (name: string, client_id?: string) => {
        const { step, value } = await readSeries(db, { run_id: run.id, name, client_id, max_points: 10 });
        return [step, value];
      };
      expect(await series('global_loss')).toEqual([[1], [0.5]]);
      expect(await series('global_accuracy')).toEqual([[1], [0.75]]);
      expect(await series('auc')).toEqual([[1], [0.9]]);
      expect(await series('train_loss', 'a')).toEqual([[1], [0.25]]);
      expect(await series('bytes_up', 'a')).toEqual([[1], [2 ** 40]]);
      expect(await series('f1', 'a')).toEqual([[1], [0.5]]);
      expect(await series('train_loss', 'b')).toEqual([[], []]);
    });

    it('a series can be cut to a range of steps, however large its ends', async () => {
      const run = makeRun();
      await store(database(), [
        ...[1, 2, 3, 4].map((step) => run.say('metric', { name: 'loss', value: step, step })),
        run.say('round_complete', { round: 3, metrics: { auc: 1 } }),
      ]);
      const cut = { run_id: run.id, max_points: 10 };
      const { db } = database();
      expect(await readSeries(db, { ...cut, name: 'loss', from: 2, to: 3 })).toMatchObject({ step: [2, 3] });
      const toTheEnd = { from: 2, to: Number.MAX_SAFE_INTEGER };
      expect(await readSeries(db, { ...cut, name: 'auc', ...toTheEnd })).toMatchObject({ step: [3] });
    });

    it('[M1] a series of 100,000 points keeps a single spike, up or down, and NaN', async () => {
      const run = makeRun();
      await aLongSeries(database(), run);
      const series = await readSeries(database().db, { run_id: run.id, name: 'long', max_points: 1_000 });
      expect([series.total, series.sampled]).toEqual([100_000, true]);
      // NaN is neither least nor greatest, and is kept beside them.
      expect(series.step.length).toBeLessThanOrEqual(1_000 + 1);
      const valueAt = new Map(series.step.map((step, n) => [step, series.value[n]]));
      expect([valueAt.get(50_000), valueAt.get(70_001), valueAt.get(12_345)]).toEqual([1_000, -1_000, 'NaN']);
      expect(series.step).toEqual([...series.step].sort((a, b) => a - b));
    });

    it('[M1] a sampled series keeps the least and the greatest of every bucket', async () => {
      const run = makeRun();
      await aLongSeries(database(), run);
      const { db } = database();
      const range = { run_id: run.id, name: 'long', from: 1, to: 8_192 };
      const all = await readSeries(db, { ...range, max_points: 10_000 });
      const few = await readSeries(db, { ...range, max_points: 128 });
      expect(all.sampled).toBe(false);
      const kept = new Set(few.value);
      for (let bucket = 0; bucket < 64; bucket++) {
        const values = all.value.slice(bucket * 128, bucket * 128 + 128).map(Number);
        expect(kept).toContain(Math.min(...values));
        expect(kept).toContain(Math.max(...values));
      }
    });
  });
};

const store = ({ db }: Database, facts: Parameters<ReturnType<typeof makeWriter>['writer']['submit']>[0]) =>
  makeWriter(db).writer.submit(facts);

/** 100,000 points of a wave whose values are all different, with a peak, a dip and a NaN. */
async function aLongSeries(database: Database, run: TestRun): Promise<void> {
  await store(database, [run.say('metric', { name: 'long', value: 0.5, step: 0 })]);
  await database.db.execute(sql`
    insert into metric_points (run_id, run_month, name, client_id, step, value, at, updated_seq)
    select ${run.id}, (select date_trunc('month', created_at) from runs where run_id = ${run.id}), 'long', '', n, case n when 50000 then 1000 when 70001 then -1000 when 12345 then 'NaN'::float8
      else sin(n * 0.7) + n * 1e-7 end, now(), 1
    from generate_series(1, 99999) as n`);
}
