import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { requestStop } from '../../ingest/request-stop.ts';
import { makeRun } from '../../testing/facts.ts';
import { makeReporterBatches, makeWriter } from '../../testing/writer.ts';
import type { Database } from '../database.ts';
import { requestCommand } from '../queries/commands.ts';
import { listRounds } from '../queries/rounds.ts';
import { deleteRun, findRun } from '../queries/runs.ts';

/** From an admin's wish to what the FL server did about it. */
export const commandContract = (database: () => Database): void => {
  describe('commands', () => {
    it('the same asked twice is one command', async () => {
      const { run, ask } = await aRunningRound(database());
      const command = {
        run_id: run.id,
        command: 'stop_round',
        round: 1,
        reason: 'slow',
        requested_by: 'admin',
      } as const;
      const request = () =>
        requestCommand(database().db, {
          ...command,
          command_id: randomUUID(),
          requested_at: '2026-01-31T12:00:00.000Z',
        });
      expect((await Promise.all([request(), request()])).sort()).toEqual([false, true]);
      expect(await ask()).toHaveLength(1);
    });

    it('[C1] two admins who stop a round at once stop it once', async () => {
      const { ask, stop, round } = await aRunningRound(database());
      await Promise.all([stop('first'), stop('second')]);
      const commands = await ask();
      expect(commands).toMatchObject([{ command: 'stop_round', round: 1 }]);
      expect(await round()).toMatchObject({ stop_reason: commands[0]?.reason });
    });

    it('a command waits until the FL server says that it has arrived', async () => {
      const { ask, stop, tell, states } = await aRunningRound(database());
      await stop();
      const [command] = await ask();
      expect(await ask()).toEqual([command]);
      await tell(command?.command_id, 'delivered');
      expect(await ask()).toEqual([]);
      expect(await states()).toEqual(['delivered']);
      await tell(command?.command_id, 'applied');
      expect(await states()).toEqual(['applied']);
    });

    it('what is over stays as it was, whatever is still said of it', async () => {
      const { ask, stop, tell, states } = await aRunningRound(database());
      await stop();
      const [command] = await ask();
      await tell(command?.command_id, 'applied');
      await tell(command?.command_id, 'rejected');
      await tell(command?.command_id, 'delivered');
      expect(await states()).toEqual(['applied']);
    });

    it('a refusal takes the request back from the round, and it may be asked again', async () => {
      const { ask, stop, tell, round, states, told } = await aRunningRound(database());
      await stop();
      expect(await round()).toMatchObject({ stop_requested_at: expect.any(String), stop_reason: 'slow' });
      const [command] = await ask();
      await tell(command?.command_id, 'rejected');
      expect(await round()).toMatchObject({ stop_requested_at: null, stop_reason: null, status: 'collecting' });
      expect(told.at(-1)?.events()).toMatchObject([{ type: 'round_update', data: { stop_requested_at: null } }]);
      await stop('again');
      expect(await ask()).toMatchObject([{ reason: 'again' }]);
      expect(await states()).toEqual(['rejected', 'requested']);
    });

    it('a round that ends takes its open command along', async () => {
      const { run, writer, ask, stop, states } = await aRunningRound(database());
      await stop();
      await writer.submit([run.say('round_complete', { round: 1 })]);
      expect(await ask()).toEqual([]);
      expect(await states()).toEqual(['applied']);
    });

    it('only the reporter that speaks for the run is told', async () => {
      const { writer, stop } = await aRunningRound(database());
      await stop();
      const other = await writer.submit([], makeReporterBatches()());
      expect(other.commands).toEqual([]);
    });

    it('a reporter of more runs than are remembered still hears of the ones it speaks of now', async () => {
      const { writer } = makeWriter(database().db);
      const batchOf = makeReporterBatches();
      const runs = Array.from({ length: 101 }, makeRun).sort((a, b) => a.id.localeCompare(b.id));
      const last = runs.at(-1) ?? makeRun();
      for (const run of runs)
        await writer.submit([run.say('round_started', { round: 1, client_ids: ['a'] })], batchOf());
      const [round] = (await listRounds(database().db, { run_id: last.id, limit: 1, offset: 0 })).items;
      if (!round) throw new Error('the round is gone');
      await requestStop(database().db, writer, { round, reason: 'slow', requested_by: 'admin' });
      expect((await writer.submit([], batchOf())).commands).toMatchObject([{ run_id: last.id }]);
    });

    it('what the server has to say of a run that was deleted does not bring it back', async () => {
      const { run, writer } = await aRunningRound(database());
      await database().db.transaction((tx) => deleteRun(tx, run.id));
      await writer.submit([{ type: 'run_edited', run_id: run.id, name: 'back again' }]);
      expect(await findRun(database().db, run.id)).toBeUndefined();
    });
  });
};

async function aRunningRound({ db }: Database) {
  const { writer, told } = makeWriter(db);
  const run = makeRun();
  const batchOf = makeReporterBatches();
  await writer.submit([run.say('round_started', { round: 1, client_ids: ['a'] })], batchOf());
  const round = async () => {
    const [found] = (await listRounds(db, { run_id: run.id, limit: 1, offset: 0 })).items;
    if (!found) throw new Error('the round is gone');
    return found;
  };
  return {
    run,
    writer,
    told,
    round,
    stop: async (reason = 'slow') => requestStop(db, writer, { round: await round(), reason, requested_by: 'admin' }),
    /** What an empty batch brings back. */
    ask: async () => (await writer.submit([], batchOf())).commands,
    tell: (command_id: string | undefined, state: 'delivered' | 'applied' | 'rejected') =>
      writer.submit([run.say('command_ack', { command_id: command_id ?? '', state })], batchOf()),
    states: async () => {
      const rows = await db.execute<{ state: string }>(
        sql`select state from commands where run_id = ${run.id} order by requested_at`,
      );
      return rows.map(({ state }) => state).sort();
    },
  };
}
