import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { aWholeRound, makeRun } from '../testing/facts.ts';

let server: TestApp;
beforeAll(async () => {
  server = await openTestApp();
});
afterAll(() => server.close());

interface Entry {
  readonly action: string;
  readonly actor: string | null;
  readonly detail: object;
}

async function setUp() {
  const admin = await server.signIn('admin');
  const run = makeRun();
  const reporter = await server.makeReporter();
  await reporter.report(aWholeRound(run, 1));
  const entriesOf = async (target: string) =>
    (await server.ask('GET', `/api/audit?target=${target}`, admin.headers)).json<{ items: Entry[] }>().items;
  return { admin, run, reporter, entriesOf, url: `/api/runs/${run.id}` };
}

describe('the audit log of reported data', () => {
  it('records the user and the fields of an edit, without the text of the notes', async () => {
    const { admin, run, entriesOf, url } = await setUp();
    await server.ask('PATCH', url, admin.headers, { name: 'the second', notes: 'long and private' });
    const items = await entriesOf(run.id);
    expect(items).toMatchObject([
      { action: 'run.update', actor: admin.user.username, detail: { name: 'the second', notes: 'changed' } },
    ]);
    expect(JSON.stringify(items)).not.toContain('private');
  });

  it('keeps who deleted a run, once', async () => {
    const { admin, run, entriesOf, url } = await setUp();
    expect((await server.ask('DELETE', url, admin.headers)).statusCode).toBe(204);
    expect((await server.ask('DELETE', url, admin.headers)).statusCode).toBe(404);
    expect(await entriesOf(run.id)).toMatchObject([{ action: 'run.delete', actor: admin.user.username }]);
  });

  it('records nothing for a refused edit of a viewer', async () => {
    const { run, entriesOf, url } = await setUp();
    const viewer = await server.signIn('viewer');
    for (const method of ['PATCH', 'DELETE'] as const) {
      expect((await server.ask(method, url, viewer.headers, { name: 'mine' })).statusCode).toBe(403);
    }
    expect(await entriesOf(run.id)).toEqual([]);
  });
});
