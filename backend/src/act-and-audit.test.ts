import { type SQL, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { makeUser } from '../testing/auth/people.ts';
import { makeRun } from '../testing/facts.ts';
import { storeModel } from '../testing/models.ts';

type Headers = Awaited<ReturnType<TestApp['signIn']>>['headers'];
type Method = Parameters<TestApp['ask']>[0];

interface Prepared {
  readonly request: readonly [Method, string, object?];
  /** The rows that the act changes. */
  readonly state: SQL;
  /** A repetition is another act, as when a second key is created under the same name. */
  readonly isNewEachTime?: boolean;
}

let server: TestApp;
let headers: Headers;
beforeAll(async () => {
  server = await openTestApp();
  ({ headers } = await server.signIn('admin'));
  // Runs at the commit: it fails after everything in the transaction has been written.
  await run(sql`create function refuse_commit() returns trigger language plpgsql as
    $$ begin raise exception 'the commit failed'; end $$`);
});
afterAll(() => server.close());

const run = async (query: SQL) => [...(await server.database.db.execute(query))];

async function openRound() {
  const its = makeRun();
  const reporter = await server.makeReporter();
  await reporter.report([
    its.say('run_started', { name: 'a run', framework: 'flower', commands_supported: ['stop_round', 'stop_run'] }),
    its.say('round_started', { round: 1, client_ids: ['a'] }),
  ]);
  const [round] = await run(sql`select round_id from rounds where run_id = ${its.id}`);
  return { id: its.id, round_id: Number(round?.round_id) };
}

async function withModels() {
  const { id } = await openRound();
  const names = [`${id}-1`, `${id}-2`] as const;
  for (const version of names) await storeModel(server.database.db, { run_id: id, version });
  const alias = `/api/runs/${id}/aliases/chosen`;
  const set = (version: string) => server.ask('PUT', alias, headers, { version });
  return { id, names, alias, set, state: sql`select alias, version from model_aliases where run_id = ${id}` };
}

const stop = (scope: 'round' | 'run') => async (): Promise<Prepared> => {
  const { id, round_id } = await openRound();
  const state = sql`select command_id from commands where run_id = ${id}`;
  return { request: ['POST', `/api/rounds/${round_id}/stop`, { reason: 'enough', scope }], state };
};

const acts: Readonly<Record<string, () => Promise<Prepared>>> = {
  stopRound: stop('round'),
  stopRun: stop('run'),
  editRun: async () => {
    const { id } = await openRound();
    const state = sql`select name, notes from runs where run_id = ${id}`;
    return { request: ['PATCH', `/api/runs/${id}`, { name: 'renamed', notes: 'private' }], state };
  },
  endRun: async () => {
    const { id } = await openRound();
    const state = sql`select status, reason from runs where run_id = ${id}`;
    return { request: ['POST', `/api/runs/${id}/end`, { status: 'failed', reason: 'switched off' }], state };
  },
  deleteRun: async () => {
    const { id } = await openRound();
    return { request: ['DELETE', `/api/runs/${id}`], state: sql`select run_id from runs where run_id = ${id}` };
  },
  setAlias: async () => {
    const { names, alias, state } = await withModels();
    return { request: ['PUT', alias, { version: names[0] }], state };
  },
  deleteAlias: async () => {
    const { names, alias, set, state } = await withModels();
    await set(names[0]);
    return { request: ['DELETE', alias], state };
  },
  rollBackAlias: async () => {
    const { names, alias, set, state } = await withModels();
    await set(names[0]);
    await set(names[1]);
    return { request: ['POST', `${alias}/rollback`], state, isNewEachTime: true };
  },
  deleteModel: async () => {
    const { id, names } = await withModels();
    return {
      request: ['DELETE', `/api/models/${names[0]}`],
      state: sql`select version from models where run_id = ${id}`,
    };
  },
  createUser: async () => {
    const username = makeRun().id;
    const body = { username, password: 'a long and unusual sentence 41', role: 'viewer' };
    return { request: ['POST', '/api/users', body], state: sql`select id from users where username = ${username}` };
  },
  editUser: async () => {
    const { id } = await makeUser(server.database.db);
    const state = sql`select role from users where id = ${id}`;
    return { request: ['PATCH', `/api/users/${id}`, { role: 'admin' }], state, isNewEachTime: true };
  },
  deleteUser: async () => {
    const { id } = await makeUser(server.database.db);
    return { request: ['DELETE', `/api/users/${id}`], state: sql`select id from users where id = ${id}` };
  },
  createKey: async () => {
    const name = makeRun().id;
    const state = sql`select name from api_keys where name = ${name}`;
    return { request: ['POST', '/api/keys', { name }], state, isNewEachTime: true };
  },
  createAlertRule: async () => {
    const name = makeRun().id;
    const state = sql`select name from alert_rules where name = ${name}`;
    const body = { name, when: { kind: 'run_failed' } };
    return { request: ['POST', '/api/alert-rules', body], state, isNewEachTime: true };
  },
  editAlertRule: async () => {
    const id = await makeAlert('rules', { name: 'x', when: { kind: 'run_failed' } });
    const state = sql`select name from alert_rules where id = ${id}`;
    return { request: ['PATCH', `/api/alert-rules/${id}`, { name: makeRun().id }], state, isNewEachTime: true };
  },
  deleteAlertRule: async () => {
    const id = await makeAlert('rules', { name: 'x', when: { kind: 'run_failed' } });
    return { request: ['DELETE', `/api/alert-rules/${id}`], state: sql`select id from alert_rules where id = ${id}` };
  },
  createAlertChannel: async () => {
    const name = makeRun().id;
    const state = sql`select name from alert_channels where name = ${name}`;
    return { request: ['POST', '/api/alert-channels', { kind: 'browser', name }], state, isNewEachTime: true };
  },
  editAlertChannel: async () => {
    const id = await makeAlert('channels', { kind: 'browser', name: 'x' });
    const state = sql`select name from alert_channels where id = ${id}`;
    return { request: ['PATCH', `/api/alert-channels/${id}`, { name: makeRun().id }], state, isNewEachTime: true };
  },
  deleteAlertChannel: async () => {
    const id = await makeAlert('channels', { kind: 'browser', name: 'x' });
    const state = sql`select id from alert_channels where id = ${id}`;
    return { request: ['DELETE', `/api/alert-channels/${id}`], state };
  },
};

const makeAlert = async (what: 'rules' | 'channels', body: object) =>
  (await server.ask('POST', `/api/alert-${what}`, headers, body)).json<{ id: string }>().id;

const auditRows = () => run(sql`select id from audit order by id`);

describe.each(Object.entries(acts))('[P6] %s and its audit', (_name, prepare) => {
  it('a failed commit leaves neither', async () => {
    const { request, state } = await prepare();
    const [method, url, body] = request;
    const before = [await run(state), await auditRows()];
    await run(sql`create constraint trigger refuse after insert on audit
      deferrable initially deferred for each row execute function refuse_commit()`);
    const failed = await server.ask(method, url, headers, body);
    await run(sql`drop trigger refuse on audit`);
    expect(failed.statusCode).toBeGreaterThanOrEqual(500);
    expect([await run(state), await auditRows()]).toEqual(before);
  });

  it('a repeated request leaves one audit row, unless it is another act', async () => {
    const { request, state, isNewEachTime = false } = await prepare();
    const [method, url, body] = request;
    const before = [await run(state), await auditRows()] as const;
    expect((await server.ask(method, url, headers, body)).statusCode).toBeLessThan(300);
    const after = [await run(state), await auditRows()] as const;
    expect(after[0]).not.toEqual(before[0]);
    expect(after[1]).toHaveLength(before[1].length + 1);
    if (isNewEachTime) return;
    await server.ask(method, url, headers, body);
    expect([await run(state), await auditRows()]).toEqual(after);
  });
});
