import { type ProjectId, projectIdSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { insertProject, projectOfRun } from '../../src/db/queries/projects.ts';
import { makeRun } from '../facts.ts';
import { makeReporterBatches, makeWriter } from '../writer.ts';

let last = 0;

/** Runs belong to projects, on whichever database. */
export function projectContract(database: () => Database): void {
  const makeProject = async (): Promise<ProjectId> => {
    const project_id = projectIdSchema.parse(`contract-${++last}`);
    await insertProject(database().db, { project_id, name: project_id, created_at: '2026-01-31T12:00:00.000Z' });
    return project_id;
  };

  it('[O2] a run belongs to the project of the first key that named it, whatever shares the transaction', async () => {
    const { writer } = makeWriter(database().db);
    const [ours, theirs] = [await makeProject(), await makeProject()];
    const run = makeRun();
    const fact = run.say('client_joined', { client_id: 'a' });
    const [first, second] = await Promise.all([
      writer.submit([fact], makeReporterBatches(ours)()),
      writer.submit([run.say('client_joined', { client_id: 'b' })], makeReporterBatches(theirs)()),
    ]);
    expect(first).toMatchObject({ accepted: 1, foreign: [] });
    expect(second).toMatchObject({ accepted: 0, duplicates: 0, foreign: [0] });
    expect(await projectOfRun(database().db, run.id)).toBe(ours);
  });

  it('[O2] of a batch about runs of two projects only what is about its own is stored', async () => {
    const { writer, published } = makeWriter(database().db);
    const [ours, theirs] = [await makeProject(), await makeProject()];
    const [own, foreign] = [makeRun(), makeRun()];
    await writer.submit([foreign.say('client_joined', { client_id: 'a' })], makeReporterBatches(theirs)());
    const before = published.length;
    const outcome = await writer.submit(
      [
        foreign.say('run_complete', { status: 'failed' }),
        own.say('client_joined', { client_id: 'a' }),
        foreign.say('client_joined', { client_id: 'b' }),
        own.say('client_joined', { client_id: 'b' }),
      ],
      makeReporterBatches(ours)(),
    );
    expect(outcome).toMatchObject({ accepted: 2, duplicates: 0, foreign: [0, 2] });
    expect(published.slice(before).map(({ run_id }) => run_id)).toEqual([own.id]);
  });

  it('[O2] commands go to no reporter of another project, also after the run has moved there', async () => {
    const { writer } = makeWriter(database().db);
    const [ours, theirs] = [await makeProject(), await makeProject()];
    const run = makeRun();
    const [batchOfOurs, batchOfTheirs] = [makeReporterBatches(ours), makeReporterBatches(theirs)];
    await writer.submit(
      [
        run.say('run_started', { name: 'x', framework: 'f', commands_supported: ['stop_round'] }),
        run.say('round_started', { round: 1, client_ids: ['a'] }),
      ],
      batchOfOurs(),
    );
    await writer.submit([run.say('client_heartbeat', { client_id: 'a' })], batchOfTheirs());
    const at = new Date().toISOString();
    const asked = {
      command_id: `stop-${run.id}`,
      reason: 'x',
      requested_by: 'ada',
      expires_at: '2999-01-01T00:00:00.000Z',
    };
    await writer.submit([{ type: 'stop_requested', run_id: run.id, round: 1, at, ...asked }]);
    expect((await writer.submit([], batchOfTheirs())).commands).toEqual([]);
    const ack = run.say('command_ack', { command_id: asked.command_id, state: 'rejected' });
    expect(await writer.submit([ack], batchOfTheirs())).toMatchObject({ accepted: 0, foreign: [0] });
    expect((await writer.submit([], batchOfOurs())).commands).toMatchObject([{ command_id: asked.command_id }]);
    await writer.submit([{ type: 'run_edited', run_id: run.id, project_id: theirs }]);
    expect((await writer.submit([], batchOfOurs())).commands).toEqual([]);
    const late = run.say('client_joined', { client_id: 'z' });
    expect(await writer.submit([late], batchOfOurs())).toMatchObject({ accepted: 0, foreign: [0] });
    expect(await writer.submit([late], batchOfTheirs())).toMatchObject({ accepted: 1, foreign: [] });
  });
}
