import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { findRuns, type RunKey } from '../../src/db/queries/find-runs.ts';
import { type LogKey, listLogs, sweepLogs } from '../../src/db/queries/logs.ts';
import { findNumbered } from '../../src/db/queries/rounds.ts';
import { foldRunTotals, readRunTotal } from '../../src/db/queries/run-totals.ts';
import { findRunRow } from '../../src/db/queries/runs.ts';
import { withSummaries } from '../../src/insight/keep-summaries.ts';
import { makeRun, type TestRun } from '../facts.ts';
import { makeWriter } from '../writer.ts';

/** Runs that are found and sorted, their summaries, and their log lines. */
export const runPagesContract = (database: () => Database): void => {
  const report = (facts: Parameters<ReturnType<typeof makeWriter>['writer']['submit']>[0]) =>
    makeWriter(database().db).writer.submit(facts);
  const start = (run: TestRun, tag: string, name: string, lr: number) =>
    run.say('run_started', { name, framework: 'x', tags: [tag], config: { optimizer: { lr } } });

  describe('[Q5] runs', () => {
    const sorts = ['newest', 'started_at', 'name', 'status', 'duration_ms', 'rounds', 'last.loss', 'best.f1'] as const;
    it.each(sorts)('sorted by %s are each shown once, page by page, in both directions', async (sort) => {
      const { db } = database();
      const runs = Array.from({ length: 5 }, () => makeRun());
      const tag = `tag ${runs[0]?.id}`.slice(0, 100);
      for (const [n, run] of runs.entries()) {
        await report([start(run, tag, `Run ${n % 2}`, 0.1)]);
        if (n > 0)
          await report([run.say('round_complete', { round: 1, global_loss: n < 3 ? n : 'NaN', metrics: { f1: 1 } })]);
        if (n > 2) await report([run.say('run_complete', { status: 'complete' })]);
      }
      for (const order of ['asc', 'desc'] as const) {
        const seen: string[] = [];
        let after: RunKey | undefined;
        for (let page = 0; page < 10; page++) {
          const found = await findRuns(db, { visible: null, tag, sort, order, limit: 2, offset: 0, after });
          expect(found.total).toBe(5);
          seen.push(...found.items.map(({ run_id }) => run_id));
          if (found.next === null) break;
          after = found.next;
        }
        expect([...seen].sort()).toEqual(runs.map(({ id }) => id as string).sort());
        const whole: string[] = [];
        for (let offset = 0; offset < 5; offset += 2) {
          const { items } = await findRuns(db, { visible: null, tag, sort, order, limit: 2, offset });
          whole.push(...items.map(({ run_id }) => run_id));
        }
        expect(whole).toEqual(seen);
      }
    });

    it('are found by a part of a name, an id, notes or a tag, by a tag and by a key of the config', async () => {
      const { db } = database();
      const run = makeRun();
      const tag = `Ward ${run.id}`;
      await report([start(run, tag, 'Heart Ünit', 0.25)]);
      const found = async (filter: object) =>
        (await findRuns(db, { visible: null, sort: 'newest', limit: 20, offset: 0, ...filter })).items.some(
          ({ run_id }) => run_id === run.id,
        );
      for (const filter of [
        { q: 'ART üN' },
        { q: run.id.slice(4) },
        { q: `ward ${run.id}` },
        { tag },
        { tag, config: [['optimizer.lr', '0.25']] },
        { tag, framework: 'x', status: 'running' },
      ])
        expect([filter, await found(filter)]).toEqual([filter, true]);
      for (const filter of [{ q: `no ${run.id}` }, { tag, config: [['optimizer.lr', '0.5']] }, { tag, framework: 'y' }])
        expect([filter, await found(filter)]).toEqual([filter, false]);
    });

    it('[Q1] are counted as they are, also after the counts were summed up', async () => {
      const { db } = database();
      const counted = async () => Number((await db.execute(sql`select count(*) as total from runs`))[0]?.total);
      await report([start(makeRun(), 'x', 'x', 1)]);
      expect(await readRunTotal(db, { visible: null })).toBe(await counted());
      await foldRunTotals(db);
      expect(await readRunTotal(db, { visible: null })).toBe(await counted());
    });
  });

  it('[G11] a summary has the last and the best values, also after the best round was corrected', async () => {
    const { db } = database();
    const run = makeRun();
    const losses = [3, 1, 'NaN', 2] as const;
    await report([
      run.say('round_started', { round: 1, client_ids: ['a'] }),
      run.say('client_result', { round: 1, client_id: 'a', sample_count: 1, bytes_up: 7, bytes_down: 5 }),
      ...losses.map((global_loss, n) => run.say('round_complete', { round: n + 1, global_loss, metrics: { f1: n } })),
      run.say('round_failed', { round: 5, reason: 'x' }),
    ]);
    const summaryOf = async () => {
      const row = await findRunRow(db, run.id);
      return row && (await withSummaries(db, [row]))[0]?.summary;
    };
    expect(await summaryOf()).toMatchObject({
      last: { loss: { value: 2, round: 4 }, f1: { value: 3, round: 4 } },
      best: { loss: { value: 1, round: 2 }, f1: { value: 3, round: 4 } },
      sparkline: [3, 1, null, 2],
      sparkline_of: 'loss',
      num_rounds: 5,
      num_rounds_failed: 1,
      bytes_up: 7,
      bytes_down: 5,
    });
  });

  it('[Q6] a round knows the numbers next to it that exist', async () => {
    const run = makeRun();
    await report([2, 5, 9].map((round) => run.say('round_complete', { round })));
    const of = async (round: number) => (await findNumbered(database().db, run.id, round))?.neighbours;
    expect([await of(2), await of(5), await of(9), await of(3)]).toEqual([
      { previous: null, next: 5 },
      { previous: 2, next: 9 },
      { previous: 5, next: null },
      undefined,
    ]);
  });

  it('[Q7] log lines come newest first by cursor, are filtered, and the oldest of too many are deleted', async () => {
    const { db } = database();
    const run = makeRun();
    const levels = ['debug', 'info', 'warning', 'error', 'critical'] as const;
    await report(levels.map((level) => run.say('log', { level, message: `A ${level} line` })));
    const seen: string[] = [];
    let after: LogKey | undefined;
    for (let page = 0; page < 5; page++) {
      const found = await listLogs(db, { run_id: run.id, limit: 2, offset: 0, after });
      seen.push(...found.items.map(({ level }) => level));
      if (found.next === null) break;
      after = found.next;
    }
    expect(seen).toEqual([...levels].reverse());
    const some = async (filter: object) =>
      (await listLogs(db, { run_id: run.id, limit: 20, offset: 0, ...filter })).items.map(({ level }) => level);
    expect(await some({ level: 'error' })).toEqual(['critical', 'error']);
    expect(await some({ q: 'A INFO' })).toEqual(['info']);
    expect(await some({ client_id: 'a' })).toEqual([]);
    expect(await sweepLogs(db, { perRun: 3 }, new Date())).toBeGreaterThanOrEqual(2);
    expect(await some({})).toEqual(['critical', 'error', 'warning']);
  });
};
