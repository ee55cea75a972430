import type { ClientId } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { listClients } from '../../src/db/queries/clients.ts';
import { readSnapshot } from '../../src/db/queries/live.ts';
import { readSeries } from '../../src/db/queries/read-series.ts';
import { findRoundDetail, listRounds } from '../../src/db/queries/rounds.ts';
import { findRun } from '../../src/db/queries/runs.ts';
import { aWholeRound, makeRun } from '../facts.ts';
import { makeReporterBatches, makeWriter } from '../writer.ts';

const page = { limit: 100, offset: 0 };

/** From facts to rows, through the one writer. */
export const ingestContract = (database: () => Database): void => {
  describe('ingest', () => {
    it('turns facts into a run, its rounds, clients and client updates', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      await writer.submit([
        run.say('run_started', { name: 'mnist', framework: 'flower', num_rounds: 3, config: { lr: 0.1 } }),
        ...aWholeRound(run, 1, ['a', 'b']),
        run.say('round_started', { round: 2, client_ids: ['a', 'b'] }),
        run.say('client_failed', { round: 2, client_id: 'b', reason: 'out of memory' }),
      ]);
      expect(await findRun(db, run.id, null)).toMatchObject({
        name: 'mnist',
        num_rounds: 3,
        num_clients: 2,
        config: { lr: 0.1 },
      });
      const { items } = await listRounds(db, { visible: null, run_id: run.id, ...page });
      expect(items).toMatchObject([
        { round: 2, status: 'collecting', num_clients_expected: 2, num_clients_failed: 1, progress_percent: 50 },
        { round: 1, status: 'complete', num_clients_completed: 2, global_loss: 1, progress_percent: 100 },
      ]);
      const detail = await findRoundDetail(db, items[0]?.round_id ?? 0, null);
      expect(detail?.client_updates).toMatchObject([
        { client_id: 'a', outcome: 'pending', submitted_at: null },
        { client_id: 'b', outcome: 'failed', error: 'out of memory' },
      ]);
      const clients = await listClients(db, { visible: null, run_id: run.id, ...page });
      expect(clients.items).toMatchObject([
        { client_id: 'a', status: 'training', train_loss: 0.5 },
        { client_id: 'b', status: 'failed' },
      ]);
    });

    it('[security L4] keeps points and log lines apart whose keys look alike when joined', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      // Ids that were stored before may have any sign, so the schema of new ones is passed by.
      const client = (id: string) => ({ client_id: id as ClientId });
      const point = run.say('metric', { name: 'c', value: 1, step: 1 });
      const line = run.say('log', { level: 'info', message: 'z' });
      const inputs = ['\n', ' ', '/', '","', '\u001f'].flatMap((sign) => [
        { ...point, ...client(`a${sign}b`) },
        { ...point, ...client('a'), name: `b${sign}c` },
        { ...line, ...client('x'), message: `y${sign}z` },
        { ...line, ...client(`x${sign}y`) },
      ]);
      expect(await writer.submit(inputs)).toMatchObject({ accepted: inputs.length, duplicates: 0 });
      expect(await writer.submit(inputs)).toMatchObject({ accepted: 0, duplicates: inputs.length });
    });

    it('counts every event of a batch number that is taken as a duplicate, and changes nothing', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const batchOf = makeReporterBatches();
      const facts = aWholeRound(run, 1);
      expect(await writer.submit(facts, batchOf(1))).toMatchObject({ accepted: 4, duplicates: 0 });
      const before = await readSnapshot(db, run.id);
      const others = [run.say('metric', { name: 'late', value: 1, step: 1 })];
      expect(await writer.submit([...facts, ...others], batchOf(1))).toMatchObject({ accepted: 0, duplicates: 5 });
      expect(await readSnapshot(db, run.id)).toEqual(before);
    });

    it('counts facts by their natural key, whichever batch or reporter brings them', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const facts = [
        ...aWholeRound(run, 1),
        run.say('metric', { name: 'loss', value: 1, step: 1 }),
        run.say('log', { level: 'info', message: 'hello' }),
        run.say('client_heartbeat', { client_id: 'a' }),
      ];
      await writer.submit(facts, makeReporterBatches()());
      const fresh = run.say('metric', { name: 'loss', value: 1, step: 2 });
      const outcome = await writer.submit([...facts, fresh], makeReporterBatches()());
      expect(outcome).toMatchObject({ accepted: 1, duplicates: 7 });
    });

    it('takes batch numbers in any order, each once', async () => {
      const { writer } = makeWriter(database().db);
      const run = makeRun();
      const batchOf = makeReporterBatches();
      const accepted: number[] = [];
      for (const batch of [5, 3, 4, 3, 5, 1, 2, 1, 4]) {
        const fact = run.say('metric', { name: 'loss', value: batch, step: accepted.length });
        accepted.push((await writer.submit([fact], batchOf(batch))).accepted);
      }
      expect(accepted).toEqual([1, 1, 1, 0, 0, 1, 1, 0, 0]);
    });

    it('takes the same batch once when it is sent twice at the same time', async () => {
      const { writer } = makeWriter(database().db);
      const { writer: onAnotherServer } = makeWriter(database().db);
      const run = makeRun();
      const batch = makeReporterBatches()();
      const fact = run.say('metric', { name: 'loss', value: 1, step: 1 });
      const outcomes = await Promise.all([
        writer.submit([fact], batch),
        writer.submit([fact], batch),
        onAnotherServer.submit([fact], batch),
      ]);
      expect(outcomes.map(({ accepted }) => accepted).sort()).toEqual([0, 0, 1]);
    });

    it('raises the seq by one for a change, and leaves it for a repetition', async () => {
      const { db } = database();
      const { writer, published } = makeWriter(db);
      const run = makeRun();
      const seq = async () => (await readSnapshot(db, run.id))?.seq;
      const facts = aWholeRound(run, 1);
      await writer.submit(facts);
      expect(await seq()).toBe(1);
      await writer.submit(facts);
      expect(await seq()).toBe(1);
      await writer.submit([run.say('client_heartbeat', { client_id: 'a' })]);
      expect(await seq()).toBe(2);
      expect(published.map(({ from_seq, seq: to }) => [from_seq, to])).toEqual([
        [0, 1],
        [1, 2],
      ]);
    });

    it('keeps NaN and the infinities as what they are', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      await writer.submit([
        run.say('round_started', { round: 1, client_ids: ['a'] }),
        run.say('client_result', {
          round: 1,
          client_id: 'a',
          sample_count: 1,
          train_loss: 'NaN',
          update_norm: 'Infinity',
          metrics: { norm: '-Infinity' },
        }),
        run.say('round_complete', {
          round: 1,
          global_loss: 'Infinity',
          global_accuracy: 'NaN',
          metrics: { f1: 'NaN' },
        }),
        run.say('metric', { name: 'grad', value: '-Infinity', step: 0 }),
        run.say('metric', { name: 'grad', value: 5e-324, step: 1 }),
        run.say('metric', { name: 'grad', value: Number.MAX_VALUE, step: 2 }),
      ]);
      const [round] = (await listRounds(db, { visible: null, run_id: run.id, ...page })).items;
      expect(round).toMatchObject({ global_loss: 'Infinity', global_accuracy: 'NaN', metrics: { f1: 'NaN' } });
      const detail = await findRoundDetail(db, round?.round_id ?? 0, null);
      expect(detail?.client_updates).toMatchObject([
        { train_loss: 'NaN', update_norm: 'Infinity', metrics: { norm: '-Infinity' } },
      ]);
      const valuesOf = async (name: string, client_id?: string) =>
        (await readSeries(db, { run_id: run.id, name, client_id, max_points: 10 })).value;
      expect(await valuesOf('grad')).toEqual(['-Infinity', 5e-324, Number.MAX_VALUE]);
      expect(await valuesOf('f1')).toEqual(['NaN']);
      expect(await valuesOf('norm', 'a')).toEqual(['-Infinity']);
    });

    it('keeps one log line of each moment and text', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const line = run.say('log', { level: 'info', message: 'once' });
      const sameMoment = { ...line, message: 'another' };
      const outcome = await writer.submit([line, line, sameMoment]);
      expect(outcome).toMatchObject({ accepted: 2, duplicates: 1 });
      await writer.submit([line, { ...line, level: 'error' }]);
      const logs = (await readSnapshot(db, run.id))?.data.logs.map(({ level, message }) => `${level} ${message}`);
      expect(logs?.sort()).toEqual(['error once', 'info another', 'info once']);
    });

    it('[F8] resumed steps: a later value replaces and is accepted, an equal or earlier moment is a duplicate', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const point = (value: number) => run.say('metric', { name: 'loss', value, step: 7 });
      const [early, first, second, third] = [point(0), point(1), point(2), point(3)];
      const lossOf = () => readSeries(db, { run_id: run.id, name: 'loss', max_points: 10 });
      const replacedIn = async () => (await readSnapshot(db, run.id))?.data.run.num_values_replaced;
      expect(await writer.submit([first])).toMatchObject({ accepted: 1, duplicates: 0 });
      expect(await writer.submit([early, { ...first, value: 9 }])).toMatchObject({ accepted: 0, duplicates: 2 });
      expect([await lossOf(), await replacedIn()]).toMatchObject([{ value: [1] }, 0]);
      // Within a batch as across batches.
      expect(await writer.submit([early, second, first, third])).toMatchObject({ accepted: 2, duplicates: 2 });
      expect(await lossOf()).toMatchObject({ value: [3], total: 1 });
      expect(await replacedIn()).toBe(2);
      expect(await writer.submit([second, third])).toMatchObject({ accepted: 0, duplicates: 2 });
      expect((await readSnapshot(db, run.id))?.data.metrics).toMatchObject([{ name: 'loss', value: 3, step: 7 }]);
    });

    it('[F8] an earlier report that comes with a later one of the same batch counts once each', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const point = (value: number) => run.say('metric', { name: 'loss', value, step: 1 });
      const [a, b, c] = [point(1), point(2), point(3)];
      await writer.submit([b]);
      expect(await writer.submit([a, c])).toMatchObject({ accepted: 1, duplicates: 1 });
      expect((await readSnapshot(db, run.id))?.data.run.num_values_replaced).toBe(1);
    });

    it('[F2] the round is part of the key of a point: two rounds have each their step 0', async () => {
      const { db } = database();
      const { writer, published } = makeWriter(db);
      const run = makeRun();
      const point = (round: number | null, value: number) =>
        run.say('metric', { name: 'loss', value, step: 0, round, client_id: 'a' });
      expect(await writer.submit([point(1, 1), point(2, 2), point(null, 3)])).toMatchObject({ accepted: 3 });
      const series = { run_id: run.id, name: 'loss', client_id: 'a', max_points: 10 };
      expect(await readSeries(db, series)).toMatchObject({ step: [0, 0, 0], value: [1, 2, 3], total: 3 });
      expect(await writer.submit([point(2, 20)])).toMatchObject({ accepted: 1 });
      expect((await readSeries(db, series)).value.toSorted()).toEqual([1, 20, 3].toSorted());
      const news = published
        .at(-1)
        ?.events()
        .filter(({ type }) => type === 'metric');
      expect(news).toMatchObject([{ data: { round: 2, step: 0, value: 20 } }]);
    });

    it('[L4] names that read alike when they are joined are different keys', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const points = [
        run.say('metric', { client_id: 'a|b', name: 'c', value: 1, step: 1 }),
        run.say('metric', { client_id: 'a', name: 'b|c', value: 2, step: 1 }),
      ];
      const line = run.say('log', { level: 'info', client_id: 'x', message: 'y|z' });
      const logs = [line, { ...line, client_id: 'x|y', message: 'z' }] as (typeof line)[];
      expect(await writer.submit([...points, ...logs])).toMatchObject({ accepted: 4, duplicates: 0 });
      for (const [client_id, name, value] of [
        ['a|b', 'c', 1],
        ['a', 'b|c', 2],
      ] as const)
        expect(await readSeries(db, { run_id: run.id, client_id, name, max_points: 9 })).toMatchObject({
          value: [value],
        });
      expect((await readSnapshot(db, run.id))?.data.logs).toHaveLength(2);
    });

    it('stays right when two servers write the same run in turn', async () => {
      const { db } = database();
      const writers = [makeWriter(db).writer, makeWriter(db).writer, makeWriter(db).writer];
      const run = makeRun();
      const ids = Array.from({ length: 12 }, (_, n) => `c${n}`);
      await writers[0]?.submit([run.say('round_started', { round: 1, client_ids: ids })]);
      const results = ids.map((client_id) => run.say('client_result', { round: 1, client_id, sample_count: 1 }));
      for (const [n, result] of results.entries()) {
        const repeated = results[n - 1];
        const outcome = await writers[n % 3]?.submit([result, ...(repeated ? [repeated] : [])]);
        expect(outcome).toMatchObject({ accepted: 1, duplicates: n > 0 ? 1 : 0 });
      }
      const { items } = await listRounds(db, { visible: null, run_id: run.id, ...page });
      expect(items).toMatchObject([{ num_clients_expected: 12, num_clients_completed: 12, progress_percent: 100 }]);
      expect(await findRun(db, run.id, null)).toMatchObject({ num_clients: 12 });
    });

    it('stays right when several servers write the same new runs at once', async () => {
      const { db } = database();
      const runs = [makeRun(), makeRun()];
      const servers = Array.from({ length: 4 }, () => makeWriter(db).writer);
      await Promise.all(
        servers.flatMap((writer, server) =>
          Array.from({ length: 5 }, (_, n) =>
            // In another order on every other server, so that locks taken in the order of mention would cross.
            writer.submit(
              (server % 2 ? [...runs].reverse() : runs).map((run) =>
                run.say('client_result', { round: 1, client_id: `c${server}-${n}`, sample_count: 1 }),
              ),
            ),
          ),
        ),
      );
      for (const run of runs) {
        const { items } = await listRounds(db, { visible: null, run_id: run.id, ...page });
        expect(items).toMatchObject([{ num_clients_expected: 20, num_clients_completed: 20 }]);
        expect((await listClients(db, { visible: null, run_id: run.id, ...page })).total).toBe(20);
      }
    });

    it('DB transactions rollback on exception (no partial writes)', async () => {
      const { db } = database();
      const { writer, published } = makeWriter(db);
      const run = makeRun();
      const batch = makeReporterBatches()();
      const good = run.say('metric', { name: 'loss', value: 1, step: 1 });
      // PostgreSQL stores no NUL; the protocol's schema would have refused it before.
      const refused = { ...run.say('log', { level: 'info', message: 'x' }), message: 'a\0b' };
      await expect(writer.submit([...aWholeRound(run, 1), good, refused], batch)).rejects.toThrow();
      expect(await findRun(db, run.id, null)).toBeUndefined();
      expect(published).toEqual([]);
      // The batch number is still free, and nothing of the failed one is remembered.
      expect(await writer.submit([good], batch)).toMatchObject({ accepted: 1, duplicates: 0 });
      expect(await readSnapshot(db, run.id)).toMatchObject({ seq: 1, data: { rounds: [], clients: [] } });
    });

    it('a job that the database refuses costs the jobs that shared its transaction nothing', async () => {
      const { db } = database();
      const { writer } = makeWriter(db);
      const run = makeRun();
      const batchOf = makeReporterBatches();
      const refused = { ...run.say('log', { level: 'info', message: 'x' }), message: 'a\0b' };
      const jobs = [
        [run.say('client_joined', { client_id: 'a' })],
        [run.say('client_joined', { client_id: 'lost' }), refused],
        [run.say('client_joined', { client_id: 'b' })],
      ];
      const outcomes = await Promise.allSettled(jobs.map((facts) => writer.submit(facts, batchOf())));
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      const { items } = await listClients(db, { visible: null, run_id: run.id, ...page });
      expect(items.map(({ client_id }) => client_id)).toEqual(['a', 'b']);
    });
  });
};
