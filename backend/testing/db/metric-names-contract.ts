import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { listMetricNames } from '../../src/db/queries/metric-names.ts';
import { deleteRun } from '../../src/db/queries/runs.ts';
import { makeRun } from '../facts.ts';
import { makeWriter } from '../writer.ts';

/** Which series there are to draw. */
export const metricNamesContract = (database: () => Database): void => {
  const report = (facts: Parameters<ReturnType<typeof makeWriter>['writer']['submit']>[0]) =>
    makeWriter(database().db).writer.submit(facts);
  const page = { limit: 100, offset: 0 };

  it("[M3] names are the server's own, or a client's, logged and carried, and never another run's", async () => {
    const { db } = database();
    const [run, other] = [makeRun(), makeRun()];
    await report([
      run.say('metric', { name: 'lr', value: 0.2, step: 1 }),
      run.say('metric', { name: 'lr', value: 0.1, step: 2 }),
      run.say('metric', { name: 'batch_loss', value: 1, step: 1, client_id: 'a' }),
      run.say('metric', { name: 'gpu', value: 1, step: 1, client_id: 'b' }),
      run.say('round_started', { round: 1, client_ids: ['a', 'b'] }),
      run.say('client_result', {
        round: 1,
        client_id: 'a',
        sample_count: 3,
        train_loss: 1,
        metrics: { f1: 0.5, gpu: 1 },
      }),
      run.say('round_complete', { round: 1, global_loss: 0.5, metrics: { auc: 0.9, lr: 0.1 } }),
      run.say('round_started', { round: 2, client_ids: ['a', 'b'] }),
    ]);
    await report([other.say('metric', { name: 'secret', value: 1, step: 1 })]);
    const names = async (client_id?: string) => {
      const { items, total } = await listMetricNames(db, { run_id: run.id, client_id, ...page });
      expect(total).toBe(items.length);
      return items.map(({ name, points }) => [name, points]);
    };
    expect(await names()).toEqual([
      ['auc', null],
      ['global_loss', null],
      ['lr', 2],
    ]);
    expect(await names('a')).toEqual([
      ['batch_loss', 1],
      ['f1', null],
      ['gpu', null],
      ['sample_count', null],
      ['train_loss', null],
    ]);
    expect(await names('b')).toEqual([['gpu', 1]]);
    expect(await names('unknown')).toEqual([]);
    await db.transaction((tx) => deleteRun(tx, run.id));
    expect([await names(), await names('a')]).toEqual([[], []]);
  });

  it('[M3] a page of names has the total, also after the last page', async () => {
    const run = makeRun();
    await report(['c', 'a', 'b'].map((name) => run.say('metric', { name, value: 1, step: 1 })));
    const at = async (offset: number) => {
      const { items, total } = await listMetricNames(database().db, { run_id: run.id, limit: 2, offset });
      return [items.map(({ name }) => name).join(''), total];
    };
    expect([await at(0), await at(2), await at(4)]).toEqual([
      ['ab', 3],
      ['c', 3],
      ['', 3],
    ]);
  });

  it('[M3] names cost as much as there are names: no point is read', async () => {
    const { db } = database();
    const run = makeRun();
    await report([run.say('metric', { name: 'loss', value: 1, step: 1 })]);
    await db.execute(sql`update metric_series set num_points = 1000000 where run_id = ${run.id}`);
    await db.execute(sql`delete from metric_points where run_id = ${run.id}`);
    const { items } = await listMetricNames(db, { run_id: run.id, ...page });
    expect(items).toEqual([{ name: 'loss', points: 1_000_000 }]);
  });

  it('[M3] names of client metrics come from the newest updates, however long the history', async () => {
    const run = makeRun();
    const part = (round: number) =>
      run.say('client_result', { round, client_id: 'a', sample_count: 1, metrics: { [`of ${round}`]: 1 } });
    await report(Array.from({ length: 105 }, (_, n) => part(n + 1)));
    const { items } = await listMetricNames(database().db, { run_id: run.id, client_id: 'a', ...page, limit: 200 });
    const names = items.map(({ name }) => name);
    expect([names.includes('of 105'), names.includes('of 6'), names.includes('of 5')]).toEqual([true, true, false]);
  });
};
