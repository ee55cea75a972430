import { randomUUID } from 'node:crypto';
import { type ProjectRole, projectIdSchema, type Scope } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { type Ask, makeWorld, send, type World } from '../testing/exchanges.ts';
import { happy } from '../testing/happy.ts';
import { type Listed, operationsOf } from '../testing/openapi.ts';
import { theServerItself } from './auth/audit.ts';

/** The callers. All but the first and the last belong to one project. */
const identities = ['anonymous', 'ingest', 'models', 'read', 'viewer', 'project admin', 'server admin'] as const;
type Identity = (typeof identities)[number];

/** Any answer that says yes. */
type Expected = number | 'yes';
type Row = readonly [own: readonly Expected[], another: readonly Expected[]];

const same = (cells: readonly Expected[]): Row => [cells, cells];

// In the order of `identities`: what they are answered about a thing of their own project, and of another.
const open = same(['yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes']);
const people = same([401, 401, 401, 401, 'yes', 'yes', 'yes']);
const server = same([401, 401, 401, 401, 403, 403, 'yes']);
const managers = same([401, 401, 401, 401, 403, 'yes', 'yes']);
const lists = same([401, 403, 403, 'yes', 'yes', 'yes', 'yes']);
const reads: Row = [
  [401, 403, 403, 'yes', 'yes', 'yes', 'yes'],
  [401, 403, 403, 404, 404, 404, 'yes'],
];
const links: Row = [
  [401, 401, 401, 401, 'yes', 'yes', 'yes'],
  [401, 401, 401, 401, 404, 404, 'yes'],
];
const acts: Row = [
  [401, 401, 401, 401, 403, 'yes', 'yes'],
  [401, 401, 401, 401, 404, 404, 'yes'],
];
const keys: Row = [
  [401, 401, 401, 401, 403, 'yes', 'yes'],
  [401, 401, 401, 401, 403, 404, 'yes'],
];
const stores: Row = [
  [401, 403, 'yes', 403, 401, 401, 401],
  [401, 403, 403, 403, 401, 401, 401],
];
// An upload belongs to the key that began it, and none of these did.
const uploads = same([401, 403, 404, 403, 401, 401, 401]);

const table: Readonly<Record<string, Row>> = {
  login: open,
  redeemSignInLink: open,
  refresh: open,
  logout: open,
  signInMethods: open,
  // Single sign-on is not set up here.
  startOidcSignIn: same([404, 404, 404, 404, 404, 404, 404]),
  finishOidcSignIn: same([404, 404, 404, 404, 404, 404, 404]),
  getMetrics: open,
  getHealth: open,
  me: people,
  createTicket: people,
  listSessions: people,
  // These bring the session that they are about.
  changePassword: open,
  endSession: open,
  listUsers: server,
  createUser: server,
  editUser: server,
  deleteUser: server,
  endUserSessions: server,
  createProject: server,
  listProjects: lists,
  editProject: acts,
  deleteProject: [
    [401, 401, 401, 401, 403, 403, 409],
    [401, 401, 401, 401, 404, 404, 409],
  ],
  listMembers: acts,
  findCandidates: acts,
  setMember: acts,
  removeMember: acts,
  listKeys: managers,
  createKey: keys,
  revokeKey: keys,
  listAudit: managers,
  ingest: same([401, 'yes', 403, 403, 401, 401, 401]),
  listRuns: lists,
  getRun: reads,
  pollLive: reads,
  editRun: acts,
  endRun: acts,
  deleteRun: acts,
  exportRun: reads,
  importRun: acts,
  getMatrix: reads,
  getDispersion: reads,
  getAttention: reads,
  getWaiting: reads,
  getDiagnosis: reads,
  getCost: reads,
  getPrivacy: reads,
  getConvergence: reads,
  getParticipation: reads,
  getDirection: reads,
  getTimeline: reads,
  replayAttentionRule: reads,
  listAlertRules: managers,
  createAlertRule: keys,
  editAlertRule: keys,
  deleteAlertRule: keys,
  listAlertChannels: managers,
  createAlertChannel: keys,
  editAlertChannel: keys,
  deleteAlertChannel: keys,
  testAlertChannel: keys,
  listAlerts: lists,
  muteAttention: acts,
  unmuteAttention: acts,
  listRunRounds: reads,
  getRunRound: reads,
  listLogs: reads,
  listRounds: lists,
  getRound: reads,
  stopRound: acts,
  listCommands: lists,
  listClients: lists,
  getClientHistory: reads,
  getMetricsSummary: reads,
  listMetricNames: reads,
  getMetricSeries: reads,
  listModels: lists,
  getModel: reads,
  deleteModel: acts,
  saveModel: stores,
  createDownloadLink: links,
  downloadModel: reads,
  createUpload: stores,
  getUpload: uploads,
  appendToUpload: uploads,
  cancelUpload: uploads,
  listAliases: reads,
  setAlias: acts,
  deleteAlias: acts,
  rollBackAlias: acts,
};

const another = projectIdSchema.parse('another');
const own = projectIdSchema.parse('default');
let app: TestApp;
let world: World;
let operations: Listed[];
const headersOf = new Map<string, Record<string, string>>();

beforeAll(async () => {
  app = await openTestApp();
  world = await makeWorld(app);
  await app.ask('POST', '/api/projects', world.admin.headers, { id: another });
  for (const project of [own, another]) {
    for (const scope of ['ingest', 'models', 'read'] satisfies Scope[]) {
      const request = { name: scope, scopes: [scope], project_id: project };
      const { key } = await app.auth.apiKeys.create(theServerItself, request);
      headersOf.set(`${project} ${scope}`, { authorization: `Bearer ${key}` });
    }
    for (const role of ['viewer', 'admin'] satisfies ProjectRole[]) {
      const { user, headers } = await app.signIn('viewer');
      if (project !== own) await app.auth.projects.removeMember(theServerItself, own, user.id);
      await app.auth.projects.setMember(theServerItself, project, user.id, role);
      headersOf.set(`${project} ${role === 'admin' ? 'project admin' : 'viewer'}`, headers);
    }
    headersOf.set(`${project} server admin`, world.admin.headers);
    headersOf.set(`${project} anonymous`, {});
  }
  operations = operationsOf((await app.app.inject('/openapi.json')).json());
});
afterAll(() => app.close());

/** A request about things of the project `own`. */
async function askFor(operationId: string): Promise<Ask> {
  const ask = (await happy[operationId]?.(world)) ?? {};
  const isOfProject = /^(edit|delete)Project$|^listMembers$|^findCandidates$|Member$/.test(operationId);
  if (!isOfProject) return ask;
  return { ...ask, params: { ...ask.params, id: own } };
}

const brings = new Set(['changePassword', 'endSession', 'getMetrics']);

function as(ask: Ask, operationId: string, project: string, identity: Identity): Ask {
  // Signing out by a token would end the session that the next operations need.
  if (brings.has(operationId) || operationId === 'logout') return ask;
  const { authorization, ...headers } = ask.headers ?? {};
  return { ...ask, who: 'anonymous', headers: { ...headers, ...headersOf.get(`${project} ${identity}`) } };
}

const missingIds: Readonly<Record<string, string | number>> = {
  run_id: 'missing',
  round_id: 999_999_999,
  client_id: 'missing',
  version: 'missing',
  id: 'missing',
};

/** The same request about something that does not exist. */
function ofMissing(ask: Ask): Ask {
  const swap = <V>(values: Readonly<Record<string, V>> = {}) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const isUuid = name === 'id' && /^[0-9a-f-]{36}$/.test(String(value));
        if (name === 'id' && /^[0-9a-f]{32}$/.test(String(value))) return [name, '0'.repeat(32)];
        return [name, isUuid ? randomUUID() : name === 'user_id' ? value : (missingIds[name] ?? value)];
      }),
    );
  return { ...ask, params: swap(ask.params) as never, query: swap(ask.query) as never };
}

/** An answer without the ids that the request brought itself. */
function withoutIds(body: string, { params, query }: Ask): string {
  const ids = [...Object.values(params ?? {}), ...Object.values(query ?? {})].map(String);
  return ids.sort((a, b) => b.length - a.length).reduce((text, id) => text.replaceAll(` ${id}`, ' *'), body);
}

it('[O5] has a row for every operation of the document, and no other', () => {
  expect(Object.keys(table).sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
});

it('[O5] answers every operation, identity and project as the table says, and hides other projects', async () => {
  const wrong: string[] = [];
  let cells = 0;
  let twins = 0;
  for (const listed of operations) {
    const { operationId, method } = listed;
    // What is refused or only reads leaves the thing as it is, so these ask about one thing.
    const shared = askFor(operationId);
    const check = async (place: number, identity: Identity) => {
      const project = place === 0 ? own : another;
      const expected = table[operationId]?.[place]?.[identities.indexOf(identity)];
      const isHarmless = expected !== 'yes' || method === 'GET' || method === 'HEAD';
      const ask = as(await (isHarmless ? shared : askFor(operationId)), operationId, project, identity);
      const answer = await send(world, listed, ask);
      const status = answer.statusCode < 400 ? 'yes' : answer.statusCode;
      const name = `${operationId} by ${identity} ${place === 0 ? 'of its project' : 'of another project'}`;
      if (status !== expected) wrong.push(`${name}: ${expected} was expected, not ${answer.statusCode} ${answer.body}`);
      cells += 1;
      if (place === 0 || answer.statusCode !== 404 || (!ask.params && !ask.query)) return;
      const missing = ofMissing(ask);
      const twin = await send(world, listed, missing);
      const [one, other] = [withoutIds(answer.body, ask), withoutIds(twin.body, missing)];
      if (twin.statusCode !== 404 || one !== other) wrong.push(`${name} shows that it exists: ${one} and ${other}`);
      twins += 1;
    };
    const all = identities.flatMap((identity) => [[0, identity] as const, [1, identity] as const]);
    const isYes = ([place, identity]: readonly [number, Identity]) =>
      table[operationId]?.[place]?.[identities.indexOf(identity)] === 'yes';
    await Promise.all(all.filter((cell) => !isYes(cell)).map(([place, identity]) => check(place, identity)));
    // Some work has a bound on how much of it there is at a time.
    for (const [place, identity] of all.filter(isYes)) await check(place, identity);
  }
  console.log(`access matrix: ${cells} cells checked, ${twins} compared with what does not exist`);
  expect(wrong).toEqual([]);
}, 600_000);

it('[O5] lists and totals count only what is visible', async () => {
  const { run_id } = await world.aModel();
  for (const identity of ['read', 'viewer', 'project admin'] as const) {
    const headers = headersOf.get(`${another} ${identity}`);
    for (const list of ['runs', 'rounds', 'clients', 'models', 'commands']) {
      for (const query of list === 'runs' ? [''] : ['', `?run_id=${run_id}`]) {
        const answer = await app.ask('GET', `/api/${list}${query}`, headers);
        expect([identity, list, query, answer.json()]).toMatchObject([identity, list, query, { items: [], total: 0 }]);
      }
    }
    const mine = headersOf.get(`${own} ${identity}`);
    expect((await app.ask('GET', '/api/runs?limit=1', mine)).json()).toMatchObject({ items: [{ project_id: own }] });
  }
  const audit = await app.ask('GET', '/api/audit?limit=200', headersOf.get(`${another} project admin`));
  expect(
    audit.json<{ items: { project_id: string }[] }>().items.every(({ project_id }) => project_id === another),
  ).toBe(true);
});

it('[security H1] [O2] events of a key about a run of another project are rejected by index, and the others stored', async () => {
  const { run_id } = await world.aRun();
  const at = new Date().toISOString();
  const mine = `mine-${randomUUID()}`;
  const events = [
    { type: 'run_complete', run_id, at, status: 'failed' },
    { type: 'nonsense' },
    { type: 'client_joined', run_id: mine, at, client_id: 'a' },
  ];
  const body = { reporter_id: 'r', batch: 0, events };
  const answer = await app.ask('POST', '/api/ingest', headersOf.get(`${another} ingest`), body);
  expect(answer.json()).toMatchObject({ accepted: 1, duplicates: 0, rejected: [{ index: 0 }, { index: 1 }] });
  expect((await app.ask('GET', `/api/runs/${run_id}`, world.admin.headers)).json()).toMatchObject({
    status: 'running',
  });
  const made = await app.ask('GET', `/api/runs/${mine}`, headersOf.get(`${another} viewer`));
  expect(made.json()).toMatchObject({ project_id: another });
});
