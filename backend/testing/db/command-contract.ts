import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { listCommands } from '../../src/db/queries/commands.ts';
import { readChanges, readSnapshot } from '../../src/db/queries/live.ts';
import { listRounds } from '../../src/db/queries/rounds.ts';
import { deleteRun, findRun } from '../../src/db/queries/runs.ts';
import { Conflict } from '../../src/errors.ts';
import { sweepExpired } from '../../src/ingest/expiry.ts';
import { requestStop } from '../../src/ingest/request-stop.ts';
import type { IngestWriter } from '../../src/ingest/writer.ts';
import { makeRun, type TestRun } from '../facts.ts';
import { makeReporterBatches, makeWriter } from '../writer.ts';

/** From an admin's request to the FL server's reply. */
export const commandContract = (database: () => Database): void => {
  describe('commands', () => {
    it.each(['one server', 'two servers'])(
      '[C1] admins who stop a round at once, at %s, stop it once',
      async (where) => {
        const { ask, stop, round, stopAt, commands } = await aRunningRound(database());
        const other = where === 'one server' ? stop : stopAt(makeWriter(database().db).writer);
        const asked = Array.from({ length: 10 }, (_, n) => (n % 2 ? stop : other)(`reason ${n}`));
        const answers = await Promise.all(asked);
        const [given, ...more] = await commands();
        expect(more).toEqual([]);
        expect(new Set(answers.map(({ stop }) => stop?.command_id))).toEqual(new Set([given?.command_id]));
        expect(await round()).toMatchObject({ stop_reason: given?.reason, stop: { state: 'requested' } });
        expect(await ask()).toMatchObject([{ command: 'stop_round', round: 1, command_id: given?.command_id }]);
      },
    );

    it('[C1] a stop that meets the round’s end is either given or refused, and never left open', async () => {
      for (let turn = 0; turn < 10; turn++) {
        const { run, writer, stop, commands, round, stopAt } = await aRunningRound(database());
        const end = () => writer.submit([run.say('round_complete', { round: 1 })]);
        const other = stopAt(makeWriter(database().db).writer);
        const [, answer] = await Promise.allSettled([end(), (turn % 2 ? stop : other)()]);
        const states = (await commands()).map(({ state, detail }) => ({ state, detail }));
        const [given] = states;
        if (answer.status === 'rejected') expect([answer.reason, states]).toEqual([expect.any(Conflict), []]);
        else expect(given).toEqual({ state: 'rejected', detail: 'the round completed before it could be stopped' });
        expect(await round()).toMatchObject({ status: 'complete', stop_requested_at: null });
      }
    });

    it('[C1] is refused where the run does not declare it, by name', async () => {
      const { run, writer, stop, commands } = await aRunningRound(database());
      await writer.submit([run.say('run_started', { name: 'x', framework: 'f', commands_supported: ['stop_round'] })]);
      const refused = `the FL server of run ${run.id} does not support stop_run; the commands it declares: stop_round`;
      await expect(stop('slow', 'run')).rejects.toThrow(refused);
      expect(await commands()).toEqual([]);
    });

    it('a command waits until the FL server says that it has arrived', async () => {
      const { ask, stop, report, states } = await aRunningRound(database());
      await stop();
      const [command] = await ask();
      expect(await ask()).toEqual([command]);
      await report(command?.command_id, 'delivered');
      expect(await ask()).toEqual([]);
      expect(await states()).toEqual(['delivered']);
      await report(command?.command_id, 'applied');
      expect(await states()).toEqual(['applied']);
    });

    it('what is over stays as it was, whatever is still said of it', async () => {
      const { ask, stop, report, states } = await aRunningRound(database());
      await stop();
      const [command] = await ask();
      await report(command?.command_id, 'applied');
      await report(command?.command_id, 'rejected');
      await report(command?.command_id, 'delivered');
      expect(await states()).toEqual(['applied']);
    });

    it('a refusal takes the request back from the round, and it may be asked again', async () => {
      const { ask, stop, report, round, states, published } = await aRunningRound(database());
      await stop();
      expect(await round()).toMatchObject({ stop_requested_at: expect.any(String), stop_reason: 'slow' });
      const [command] = await ask();
      await report(command?.command_id, 'rejected');
      expect(await round()).toMatchObject({ stop_requested_at: null, stop_reason: null, status: 'collecting' });
      expect(published.at(-1)?.events()).toMatchObject([{ type: 'round_update', data: { stop_requested_at: null } }]);
      await stop('again');
      expect(await ask()).toMatchObject([{ reason: 'again' }]);
      expect(await states()).toEqual(['rejected', 'requested']);
    });

    it('a round that ends by itself ends its open command, and says so to viewers', async () => {
      const { run, writer, ask, stop, states, published } = await aRunningRound(database());
      await stop();
      await writer.submit([run.say('round_complete', { round: 1 })]);
      expect(await ask()).toEqual([]);
      expect(await states()).toEqual(['rejected']);
      const stopped = { state: 'rejected', detail: 'the round completed before it could be stopped' };
      expect(published.at(-1)?.events()).toMatchObject([
        { type: 'round_complete', data: { stop_requested_at: null, stop: stopped } },
        { type: 'client_update' },
      ]);
    });

    it('[C4] a command without a reply expires by the clock, and a resuming viewer receives that', async () => {
      const { run, writer, ask, stop, states, round, resume } = await aRunningRound(database());
      await stop();
      const [command] = await ask();
      const since = await resume.seq();
      const { db } = database();
      const requested_at = (await round()).stop?.requested_at ?? '';
      const sweep = (ms: number) =>
        sweepExpired({ db, writer, expiresAfterMs, now: () => Date.parse(requested_at) + ms });

      await sweep(expiresAfterMs - 1);
      expect(await states()).toEqual(['requested']);
      await sweep(expiresAfterMs);
      expect(await states()).toEqual(['expired']);
      expect(await ask()).toEqual([]);
      const detail = 'the FL server did not take it within 60 s';
      const expired = { type: 'round_update', data: { stop_requested_at: null, stop: { state: 'expired', detail } } };
      expect(await resume.since(since)).toMatchObject([expired]);
      const writerOfAnother = makeWriter(db).writer;
      await writerOfAnother.submit([
        run.say('command_ack', { command_id: command?.command_id ?? '', state: 'applied' }),
      ]);
      expect(await round()).toMatchObject({
        status: 'stopped',
        stop: { state: 'applied', detail: 'answered after it had expired' },
      });
    });

    it('[L5] stopping the run stops its rounds, also those that this server has not seen', async () => {
      const { run, writer, ask, stop, report, round, resume } = await aRunningRound(database());
      await writer.submit([run.say('round_started', { round: 2, client_ids: ['a', 'b'] })]);
      await stop('enough', 'run');
      const [command] = await ask();
      expect(command).toMatchObject({ command: 'stop_run', round: null, reason: 'enough' });
      expect(await resume.run()).toMatchObject({ status: 'running', stop: { state: 'requested' } });
      expect(await round()).toMatchObject({ stop: null });
      await report(command?.command_id, 'applied');
      const since = await resume.seq();
      const stopped = run.say('run_complete', { status: 'stopped', reason: 'enough' });
      await makeWriter(database().db).writer.submit([stopped]);
      expect(await resume.since(since)).toMatchObject([
        { type: 'client_update' },
        { type: 'client_update' },
        { type: 'run_update', data: { status: 'stopped', reason: 'enough', stop: { state: 'applied' } } },
        { type: 'round_complete', data: { round: 1, status: 'stopped', num_clients_no_reply: 1 } },
        { type: 'round_complete', data: { round: 2, status: 'stopped', num_clients_no_reply: 2 } },
      ]);
      await expect(stop('again', 'run')).rejects.toThrow('there is nothing left to stop');
    });

    it('[L3] an end ends the run on any server, whatever its moment says', async () => {
      const { run, writer, resume } = await aRunningRound(database());
      const crashed = run.say('run_complete', { status: 'failed' });
      await writer.submit([run.say('client_result', { round: 1, client_id: 'a', sample_count: 1 })]);
      await makeWriter(database().db).writer.submit([crashed]);
      expect(await resume.run()).toMatchObject({ status: 'failed' });
    });

    it('what is said of a command of a deleted run does not bring it back', async () => {
      const { run, report } = await aRunningRound(database());
      await database().db.transaction((tx) => deleteRun(tx, run.id));
      await report('a-command', 'applied');
      expect(await findRun(database().db, run.id, null)).toBeUndefined();
    });

    it('only the reporter of the run receives it', async () => {
      const { writer, stop } = await aRunningRound(database());
      await stop();
      const other = await writer.submit([], makeReporterBatches()());
      expect(other.commands).toEqual([]);
    });

    it('a reporter of more runs than are remembered still receives the commands of its current ones', async () => {
      const { writer } = makeWriter(database().db);
      const batchOf = makeReporterBatches();
      const runs = Array.from({ length: 101 }, makeRun).sort((a, b) => a.id.localeCompare(b.id));
      const last = runs.at(-1) ?? makeRun();
      for (const run of runs) await writer.submit(aStart(run), batchOf());
      const [round] = (await listRounds(database().db, { visible: null, run_id: last.id, limit: 1, offset: 0 })).items;
      if (!round) throw new Error('the round is gone');
      const deps = { db: database().db, writer, expiresAfterMs };
      await requestStop(deps, { round_id: round.round_id, scope: 'round', reason: 'slow', requested_by: 'admin' });
      expect((await writer.submit([], batchOf())).commands).toMatchObject([{ run_id: last.id }]);
    });

    it('what the server has to say of a run that was deleted does not bring it back', async () => {
      const { run, writer } = await aRunningRound(database());
      await database().db.transaction((tx) => deleteRun(tx, run.id));
      await writer.submit([{ type: 'run_edited', run_id: run.id, name: 'back again' }]);
      expect(await findRun(database().db, run.id, null)).toBeUndefined();
    });
  });
};

const expiresAfterMs = 60_000;
const declared = { name: 'a run', framework: 'f', commands_supported: ['stop_round', 'stop_run'] };
const aStart = (run: TestRun) => [
  run.say('run_started', declared),
  run.say('round_started', { round: 1, client_ids: ['a'] }),
];

async function aRunningRound({ db }: Database) {
  const { writer, published } = makeWriter(db);
  const run = makeRun();
  const batchOf = makeReporterBatches();
  await writer.submit(aStart(run), batchOf());
  const round = async () => {
    const found = (await listRounds(db, { visible: null, run_id: run.id, limit: 10, offset: 0 })).items.at(-1);
    if (!found) throw new Error('the round is gone');
    return found;
  };
  const { round_id } = await round();
  const stopAt =
    (at: IngestWriter) =>
    (reason = 'slow', scope: 'round' | 'run' = 'round') =>
      requestStop({ db, writer: at, expiresAfterMs }, { round_id, scope, reason, requested_by: 'admin' });
  const commands = async () => (await listCommands(db, { visible: null, run_id: run.id, limit: 10, offset: 0 })).items;
  const snapshot = async () => {
    const found = await readSnapshot(db, run.id);
    if (!found) throw new Error('the run is gone');
    return found;
  };
  return {
    run,
    writer,
    published,
    round,
    commands,
    stopAt,
    stop: stopAt(writer),
    /** The commands in the response to an empty batch. */
    ask: async () => (await writer.submit([], batchOf())).commands,
    report: (command_id: string | undefined, state: 'delivered' | 'applied' | 'rejected') =>
      writer.submit([run.say('command_ack', { command_id: command_id ?? '', state })], batchOf()),
    states: async () => (await commands()).map(({ state }) => state).sort(),
    /** The run as a viewer has it. */
    resume: {
      seq: async () => (await snapshot()).seq,
      run: async () => (await snapshot()).data.run,
      since: async (seq: number) => (await readChanges(db, run.id, (await snapshot()).epoch, seq))?.events,
    },
  };
}
