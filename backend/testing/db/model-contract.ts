import {
  applyBatch,
  type BatchMessage,
  fromSnapshot,
  type LiveEvent,
  limits,
  type SnapshotMessage,
  serverMessageSchema,
} from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { readChanges, readSnapshot } from '../../src/db/queries/live.ts';
import { findAlias } from '../../src/db/queries/model-aliases.ts';
import { findModel } from '../../src/db/queries/models.ts';
import type { Input } from '../../src/ingest/state.ts';
import { aWholeRound, makeRun, type TestRun } from '../facts.ts';
import { modelSaved, version } from '../models.ts';
import { makeRandom } from '../random.ts';
import { makeWriter } from '../writer.ts';

/** The life of models, and the events that viewers receive. */
export const modelContract = (database: () => Database): void => {
  let last = 0;
  const aName = () => version(`contract-${++last}`);

  const aRun = () => {
    const run = makeRun();
    const { writer, published } = makeWriter(database().db);
    const save = async (round: number | null, name = aName()) => {
      await writer.submit([await modelSaved(database().db, { run_id: run.id, version: name, round })]);
      return name;
    };
    const remove = (name: ReturnType<typeof version>): Input => ({
      type: 'model_deleted',
      run_id: run.id,
      version: name,
      unlessAutomatic: false,
    });
    const eventsOf = () => published.at(-1)?.events() ?? [];
    return { run, writer, published, save, remove, eventsOf };
  };

  const snapshotOf = async ({ id }: TestRun): Promise<SnapshotMessage> => {
    const snapshot = await readSnapshot(database().db, id);
    if (!snapshot) throw new Error('there is no such run');
    return snapshot;
  };
  /** The run's models as a viewer has them that resumes from `before`. */
  const resumed = async (run: TestRun, before: SnapshotMessage) => {
    const changes = await readChanges(database().db, run.id, before.epoch, before.seq);
    if (!changes) throw new Error('a snapshot is needed');
    const batch: BatchMessage = { type: 'batch', run_id: run.id, from_seq: before.seq, ...changes };
    return { events: changes.events, state: applyBatch(fromSnapshot(before), batch) };
  };
  const about = (events: readonly LiveEvent[]) =>
    events.flatMap(({ type, data }) => ('version' in data ? [`${type} ${data.version}`] : [])).sort();

  describe('models', () => {
    it('[S4] a saved model raises seq and is published with its whole state', async () => {
      const { run, save, eventsOf, published } = aRun();
      const name = await save(1);
      expect(eventsOf()).toContainEqual({ type: 'model_saved', data: await findModel(database().db, name, null) });
      const before = await snapshotOf(run);
      const second = await save(2);
      expect(published.at(-1)).toMatchObject({ from_seq: before.seq, seq: before.seq + 1 });
      // The first is not the latest any more.
      const both = [`model_saved ${name}`, `model_saved ${second}`].sort();
      expect(about(eventsOf())).toEqual(both);
      expect(about((await resumed(run, before)).events)).toEqual(both);
    });

    it('[F4] a model of an unknown run creates the run', async () => {
      const { run, save } = aRun();
      await save(null);
      expect((await snapshotOf(run)).data.run).toMatchObject({ run_id: run.id, name: run.id, status: 'running' });
    });

    it('[S10] a deletion is published, and sent on resume unless the version was saved again', async () => {
      const { run, writer, save, remove, eventsOf } = aRun();
      const [a, b, c] = [await save(1), await save(2), await save(3)];
      const before = await snapshotOf(run);
      await writer.submit([remove(a)]);
      expect(eventsOf()).toEqual([{ type: 'model_deleted', data: { run_id: run.id, version: a } }]);
      await writer.submit([remove(b)]);
      await save(1, a);
      const { events, state } = await resumed(run, before);
      expect(about(events)).toEqual([`model_deleted ${b}`, `model_saved ${a}`, `model_saved ${c}`].sort());
      expect(state).toEqual(fromSnapshot(await snapshotOf(run)));
    });

    it('[V1] a deletion lets the next older one in where a viewer holds no more than the newest', async () => {
      const { run, writer, save, remove } = aRun();
      const { db } = database();
      const all = Array.from({ length: limits.snapshotModels + 2 }, aName);
      await writer.submit(await Promise.all(all.map((name) => modelSaved(db, { run_id: run.id, version: name }))));
      const before = await snapshotOf(run);
      await writer.submit([remove(all[50] as (typeof all)[0]), remove(all[51] as (typeof all)[0])]);
      await save(null);
      expect((await resumed(run, before)).state).toEqual(fromSnapshot(await snapshotOf(run)));
    });

    it('[K5] a model follows the figures of its round, and one that came before its round is joined to it', async () => {
      const { run, writer, save, eventsOf } = aRun();
      const name = await save(1);
      await writer.submit(aWholeRound(run, 1));
      const model = await findModel(database().db, name, null);
      expect(model).toMatchObject({ metrics: { global_loss: 1, global_accuracy: 0 }, round_id: expect.any(Number) });
      expect(eventsOf()).toContainEqual({ type: 'model_saved', data: model });
      // Only the figures are news of the model.
      await writer.submit([run.say('client_result', { round: 1, client_id: 'late', sample_count: 1 })]);
      expect(about(eventsOf())).toEqual([]);
    });

    it.each<[string, Record<string, unknown>[], number | null]>([
      ['the lowest loss', [{ global_loss: 2 }, { global_loss: 1 }, { global_loss: 3 }], 2],
      [
        'a number rather than NaN or infinity',
        [{ global_loss: 'NaN' }, { global_loss: '-Infinity' }, { global_loss: 9 }],
        3,
      ],
      [
        'the higher accuracy of two with one loss',
        [
          { global_loss: 1, global_accuracy: 0.9 },
          { global_loss: 1, global_accuracy: 0.8 },
        ],
        1,
      ],
      [
        'the highest accuracy where no round has a loss',
        [{ global_accuracy: 0.1 }, { global_accuracy: 0.3 }, { global_accuracy: 0.2 }],
        2,
      ],
      ['one with a loss rather than one with an accuracy', [{ global_accuracy: 1 }, { global_loss: 99 }], 2],
      ['the newest of equals', [{ global_loss: 1 }, { global_loss: 1 }], 2],
      ['none without figures', [{}, {}], null],
    ])('[K6] best is %s', async (_rule, figures, best) => {
      const { run, writer, save } = aRun();
      const names: string[] = [];
      for (const [index, fields] of figures.entries()) {
        await writer.submit([run.say('round_complete', { round: index + 1, ...fields } as never)]);
        names.push(await save(index + 1));
      }
      const { db } = database();
      expect((await findAlias(db, run.id, 'best'))?.version).toBe(best === null ? undefined : names[best - 1]);
      expect((await findAlias(db, run.id, 'latest'))?.version).toBe(names.at(-1));
    });

    it('[K6] best moves when a round is corrected and when its model is deleted', async () => {
      const { run, writer, save, remove } = aRun();
      const bestOf = async () => (await findAlias(database().db, run.id, 'best'))?.version;
      await writer.submit([1, 2].map((round) => run.say('round_complete', { round, global_loss: round })));
      const [a, b] = [await save(1), await save(2)];
      expect(await bestOf()).toBe(a);
      await writer.submit([run.say('round_complete', { round: 2, global_loss: 0.5 })]);
      expect(await bestOf()).toBe(b);
      await writer.submit([remove(b)]);
      expect(await bestOf()).toBe(a);
      await writer.submit([remove(a)]);
      expect(await bestOf()).toBeUndefined();
      expect((await snapshotOf(run)).data.models).toEqual([]);
    });

    it('a round that is not published costs a run without models no event and no seq', async () => {
      const { run, writer, published } = aRun();
      await writer.submit([{ type: 'alias_deleted', run_id: run.id, alias: 'missing' }]);
      expect(published).toEqual([]);
      await writer.submit(aWholeRound(run, 1));
      expect(await writer.submit([{ type: 'alias_deleted', run_id: run.id, alias: 'missing' }])).toMatchObject({
        accepted: 0,
      });
      expect(published).toHaveLength(1);
    });

    it('[S5] whatever happens, who resumes has what a snapshot has', async () => {
      const seed = Date.now();
      const random = makeRandom(seed);
      const { run, writer, remove } = aRun();
      const names = Array.from({ length: 8 }, aName);
      const any = <T>(items: readonly T[]): T => items[random.below(items.length)] as T;
      await writer.submit(aWholeRound(run, 1));
      let before = await snapshotOf(run);
      for (let turn = 0; turn < 60; turn++) {
        const round = 1 + random.below(4);
        const at = new Date(Date.now() + turn).toISOString();
        const inputs: Input[] = [
          await modelSaved(database().db, { run_id: run.id, version: any(names), round }),
          remove(any(names)),
          { type: 'alias_set', run_id: run.id, at, alias: any(['x', 'y']), version: any(names), set_by: 'me' },
          { type: 'alias_rolled_back', run_id: run.id, at, alias: any(['x', 'y']), set_by: 'me' },
          { type: 'alias_deleted', run_id: run.id, alias: any(['x', 'y']) },
          run.say('round_complete', { round, global_loss: random.below(9) }),
        ];
        await writer.submit([any(inputs), any(inputs)]);
        if (random.chance(0.5)) continue;
        const now = await snapshotOf(run);
        expect(serverMessageSchema.parse(now)).toEqual(now);
        expect((await resumed(run, before)).state, `seed ${seed}, turn ${turn}`).toEqual(fromSnapshot(now));
        before = now;
      }
    });
  });
};
