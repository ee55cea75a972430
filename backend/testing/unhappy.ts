import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { limits } from '@rondo/protocol';
import { createApiKeys } from '../src/auth/api-keys.ts';
import { theServerItself } from '../src/auth/audit.ts';
import { insertUser } from '../src/db/queries/users.ts';
import { type Ask, RequestInMemory, sha256, type World } from './exchanges.ts';
import { happy } from './happy.ts';
import type { Listed } from './openapi.ts';

type Make = (world: World) => Ask | Promise<Ask>;

const missing = (path: string): Ask['params'] => ({
  run_id: 'missing',
  round_id: 999_999_999,
  client_id: 'missing',
  version: 'missing',
  alias: 'missing',
  id: path.startsWith('/api/uploads') ? '0'.repeat(32) : randomUUID(),
  user_id: randomUUID(),
});

const invalid: Ask['params'] = {
  run_id: 'x'.repeat(129),
  round_id: 0,
  client_id: 'x'.repeat(65),
  version: 'x'.repeat(129),
  alias: '!',
  id: '!',
  user_id: 'no',
};

/** How a request becomes one that is answered with `status`, for any operation that can answer so. */
export async function unhappy(world: World, { operationId, operation, path }: Listed, status: string): Promise<Ask> {
  const special = specials[operationId]?.[status];
  if (special) return special(world);
  const good = await goodOf(world, operationId, status);
  const isForReporters = JSON.stringify(operation.security ?? []).includes('apiKey');
  const isForReaders = isForReporters && (operation.security ?? []).length === 2;
  switch (status) {
    case '400':
      return { ...good, headers: { ...good.headers, 'content-type': 'application/json' }, body: '{' };
    case '401':
      return { ...good, who: 'anonymous', headers: { ...good.headers, authorization: '' } };
    case '403':
      if (isForReaders)
        return { ...good, who: 'anonymous', headers: { ...good.headers, ...(await otherScope(world, 'ingest')) } };
      if (isForReporters)
        return { ...good, who: 'anonymous', headers: { ...good.headers, ...(await otherScope(world, operationId)) } };
      return operation.security
        ? { ...good, who: 'viewer' }
        : { ...good, headers: { origin: 'http://elsewhere.test' } };
    case '404':
      return { ...good, params: { ...good.params, ...missing(path) } };
    case '412':
      return { ...good, headers: { ...good.headers, 'tus-resumable': '' } };
    case '413':
      return {
        ...good,
        headers: { 'content-type': 'application/json', ...auth(good) },
        body: `"${'x'.repeat(8 * 1024 * 1024)}"`,
      };
    case '415':
      return { ...good, headers: { ...good.headers, 'content-type': 'text/plain' }, body: 'x' };
    case '422':
      if (path.includes('{')) return { ...good, params: { ...good.params, ...invalid } };
      return operation.requestBody
        ? { ...good, body: {} }
        : { ...good, query: { ...good.query, limit: '0', run_id: '\0' } };
    default:
      return good;
  }
}

const known = new WeakMap<World, Map<string, Promise<Ask>>>();

/** Whatever is refused leaves no trace, so these share a request; those that change something have one of their own. */
function goodOf(world: World, operationId: string, status: string): Promise<Ask> {
  const make = async () => (await happy[operationId]?.(world)) ?? {};
  if (status < '400') return make();
  const ofWorld = known.get(world) ?? new Map<string, Promise<Ask>>();
  known.set(world, ofWorld);
  const good = ofWorld.get(operationId) ?? make();
  ofWorld.set(operationId, good);
  return good;
}

const auth = ({ headers }: Ask): Record<string, string> =>
  headers?.authorization ? { authorization: headers.authorization } : {};

async function otherScope({ server }: World, operationId: string): Promise<Record<string, string>> {
  const scopes = [operationId === 'ingest' ? ('models' as const) : ('ingest' as const)];
  const { key } = await createApiKeys(server.database.db).create(theServerItself, { name: 'a test', scopes });
  return { authorization: `Bearer ${key}` };
}

const from =
  (operationId: string, more: (good: Ask, world: World) => Ask | Promise<Ask>): Make =>
  async (world) =>
    more((await happy[operationId]?.(world)) ?? {}, world);

// So that what one address has asked is not counted for another test.
let addresses = 0;

/** The same, so often that it is too often. */
const often =
  (times: number, make: Make, atOnce = false): Make =>
  async (world) => {
    const ask = await make(world);
    addresses += 1;
    return { ...ask, times, atOnce, address: `198.51.100.${addresses}` };
  };

const wrongPassword: Make = from('login', (good) => ({ body: { ...(good.body as object), password: 'wrong' } }));
const withHeaders = (operationId: string, headers: Record<string, string>, more: Ask = {}): Make =>
  from(operationId, (good) => ({ ...good, ...more, headers: { ...good.headers, ...headers } }));

async function ofProvider(world: World): Promise<string> {
  const id = randomUUID();
  const user = {
    id,
    username: `u-${id}`,
    role: 'viewer' as const,
    provider: 'oidc' as const,
    issuer: 'x',
    subject: id,
  };
  await insertUser(world.server.database.db, { ...user, created_at: new Date().toISOString() });
  return id;
}

/** A version that two runs have, without saying which run is meant. */
function ofSeveralRuns(who: 'viewer' | 'admin'): Make {
  return async ({ server, reporter, aModel, aRun, upload }) => {
    const { version } = await aModel();
    const { run_id } = await aRun();
    const { headers } = upload(run_id, version);
    await server.app.inject({
      method: 'PUT',
      url: `/api/models/${version}?run_id=${run_id}`,
      headers: { ...reporter.headers, ...headers },
      payload: version,
      Request: RequestInMemory,
    });
    return { who, params: { version } };
  };
}

const takenId = `taken-${randomUUID()}`;

const specials: Readonly<Record<string, Readonly<Record<string, Make>>>> = {
  listAudit: { 403: () => ({ who: 'viewer' }) },
  pollLive: { 404: () => ({ who: 'viewer', query: { run_id: 'missing' } }) },
  createKey: { 404: () => ({ who: 'admin', body: { name: 'x', project_id: 'missing' } }) },
  createAlertRule: {
    404: () => ({ who: 'admin', body: { name: 'x', project_id: 'missing', when: { kind: 'run_failed' } } }),
    409: async (world) => {
      const project_id = await world.aProject();
      const body = { name: 'x', project_id, when: { kind: 'run_failed' } };
      return { who: 'admin', body, times: limits.alertRules + 1 };
    },
  },
  createAlertChannel: {
    404: () => ({ who: 'admin', body: { kind: 'browser', name: 'x', project_id: 'missing' } }),
    // The server of these tests has no mail server.
    409: () => ({ who: 'admin', body: { kind: 'email', name: 'x', to: ['ada@example.org'] } }),
  },
  testAlertChannel: {
    429: often(
      21,
      from('testAlertChannel', (good) => good),
    ),
  },
  createProject: { 409: () => ({ who: 'admin', body: { id: 'default' } }) },
  ...ofMembers(),
  login: { 401: wrongPassword, 429: often(11, wrongPassword) },
  redeemSignInLink: {
    401: () => ({ body: { token: 'unknown' } }),
    429: often(31, () => ({ body: { token: 'unknown' } })),
  },
  refresh: { 401: () => ({}), 429: often(601, () => ({})) },
  changePassword: {
    409: async (world) => {
      const id = await ofProvider(world);
      const { session_id } = await world.server.auth.sessions.start(
        { id, username: `u-${id}`, role: 'viewer' },
        { user_agent: 'test', address: '192.0.2.1' },
      );
      const token = await world.server.auth.accessTokens.issue({ id, username: `u-${id}`, role: 'viewer' }, session_id);
      const body = { current_password: 'x', new_password: 'green turtle typewriter' };
      return { headers: { authorization: `Bearer ${token}` }, body };
    },
    429: often(
      11,
      from('changePassword', (good) => ({ ...good, body: { ...(good.body as object), current_password: 'wrong' } })),
    ),
  },
  startOidcSignIn: {
    404: () => ({}),
    422: () => ({ query: { return_to: 'https://elsewhere.test' } }),
    429: often(61, () => ({})),
  },
  finishOidcSignIn: { 404: () => ({}), 429: often(61, () => ({})) },
  createUser: {
    409: from('createUser', async (good, { viewer }) => ({
      ...good,
      body: { ...(good.body as object), username: viewer.user.username },
    })),
    429: often(
      80,
      from('createUser', (good) => good),
      true,
    ),
  },
  editUser: {
    409: async (world) => ({
      who: 'admin',
      params: { id: await ofProvider(world) },
      body: { password: 'green turtle typewriter' },
    }),
    429: often(
      80,
      from('editUser', (good) => ({ ...good, body: { password: 'green turtle typewriter' } })),
      true,
    ),
  },
  ingest: {
    413: () => ({
      who: 'reporter',
      headers: { 'content-type': 'application/json' },
      body: `"${'x'.repeat(9 * 1024 * 1024)}"`,
    }),
  },
  endRun: {
    409: async (world) => {
      const { run_id } = await world.aRun();
      const body = { status: 'stopped', reason: 'x' };
      await world.server.ask('POST', `/api/runs/${run_id}/end`, world.admin.headers, body);
      return { who: 'admin', params: { run_id }, body };
    },
  },
  stopRound: {
    409: async ({ aRun }) => ({ who: 'admin', params: { round_id: (await aRun()).over }, body: { reason: 'x' } }),
  },
  getMetricsSummary: { 404: () => ({ who: 'viewer', query: { run_id: 'missing' } }) },
  listMetricNames: { 404: () => ({ who: 'viewer', query: { run_id: 'missing' } }) },
  getMetricSeries: {
    404: () => ({ who: 'viewer', query: { run_id: 'missing', name: 'lr' } }),
    422: () => ({ who: 'viewer', query: { run_id: 'missing' } }),
  },
  getModel: { 409: ofSeveralRuns('viewer') },
  createDownloadLink: { 409: ofSeveralRuns('viewer') },
  deleteModel: {
    409: async ({ anAlias }) => ({ who: 'admin', params: { version: (await anAlias()).version } }),
  },
  saveModel: {
    200: async ({ aModel, upload }) => {
      const { run_id, version } = await aModel();
      return upload(run_id, version);
    },
    400: withHeaders('saveModel', { 'content-length': '100' }),
    409: async ({ aModel, upload }) => {
      const { run_id, version } = await aModel();
      return upload(run_id, version, 'something else');
    },
    411: from('saveModel', (good) => ({ ...good, body: Readable.from([String(good.body)]) })),
    413: withHeaders('saveModel', { 'content-length': String(2 ** 40) }),
    422: withHeaders('saveModel', { 'x-content-sha256': sha256('something else') }),
  },
  importRun: {
    400: withHeaders('importRun', { 'content-length': '100000' }),
    404: from('importRun', (good) => ({ ...good, query: { project: 'missing' } })),
    409: from('importRun', (good) => ({ ...good, query: { run_id: takenId }, times: 2 })),
    411: from('importRun', (good) => ({ ...good, body: Readable.from([good.body]) })),
    413: withHeaders('importRun', { 'content-length': String(2 ** 40) }),
    422: from('importRun', (good) => ({ ...good, body: 'no zip' })),
  },
  downloadModel: {
    409: ofSeveralRuns('viewer'),
    206: withHeaders('downloadModel', { range: 'bytes=0-1' }),
    304: from('downloadModel', (good) => ({
      ...good,
      headers: { 'if-none-match': `"${sha256(String(good.params?.version))}"` },
    })),
    416: withHeaders('downloadModel', { range: 'bytes=1000000-' }),
  },
  createUpload: {
    400: withHeaders('createUpload', { 'upload-length': 'many' }),
    409: async ({ aModel, creation }) => {
      const { run_id, version } = await aModel();
      return creation(run_id, version, 'something else');
    },
    413: withHeaders('createUpload', { 'upload-length': String(2 ** 40) }),
    422: withHeaders('createUpload', { 'upload-metadata': 'version bm8=' }),
    501: from('createUpload', ({ headers: { 'upload-length': _, ...headers } = {}, ...good }) => ({
      ...good,
      headers: { ...headers, 'upload-defer-length': '1' },
    })),
  },
  appendToUpload: {
    400: withHeaders('appendToUpload', { 'upload-offset': 'some' }),
    409: withHeaders('appendToUpload', { 'upload-offset': '2' }),
    410: from('appendToUpload', (good, world) => expired(good, world)),
    413: withHeaders('appendToUpload', {}, { body: 'abcdefghij' }),
    422: async ({ anUpload, tus }) => ({
      who: 'reporter',
      params: { id: await anUpload('abcd', sha256('something else')) },
      headers: { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
      body: 'abcd',
    }),
  },
  cancelUpload: { 400: withHeaders('cancelUpload', { 'upload-offset': 'x' }) },
  getUpload: {
    400: withHeaders('getUpload', { 'upload-offset': 'x' }),
    410: from('getUpload', (good, world) => expired(good, world)),
  },
  setAlias: {
    409: from('setAlias', (good) => ({ ...good, params: { ...good.params, alias: 'best' } })),
  },
  deleteAlias: { 409: from('deleteAlias', (good) => ({ ...good, params: { ...good.params, alias: 'latest' } })) },
  rollBackAlias: {
    409: async ({ anAlias }) => {
      const { run_id, alias } = await anAlias();
      return { who: 'admin', params: { run_id, alias } };
    },
  },
  getMetrics: { 403: () => ({ address: '192.0.2.1' }) },
};

/** As if it had been begun the day before yesterday. */
async function expired(good: Ask, { server }: World): Promise<Ask> {
  const note = join(server.dataDir, 'uploads', `${good.params?.id}.json`);
  const upload = JSON.parse(await readFile(note, 'utf8'));
  await writeFile(
    note,
    JSON.stringify({ ...upload, creation_date: new Date(Date.now() - 2 * 86_400_000).toISOString() }),
  );
  return good;
}

/** A viewer is refused in a project that it sees; in any other it finds nothing. */
function ofMembers() {
  const byViewer =
    (more: (good: Ask) => Ask = (good) => good) =>
    (operationId: string): Make =>
    async (world) => {
      const good = (await happy[operationId]?.(world)) ?? {};
      return more({ ...good, who: 'viewer', params: { ...good.params, id: await world.aProject('viewer') } });
    };
  const refused = byViewer();
  const ofProviders: Make = async (world) => ({
    who: 'admin',
    params: { id: 'default', user_id: await ofProvider(world) },
    body: { role: 'viewer' },
  });
  return {
    editProject: { 403: refused('editProject') },
    deleteProject: { 403: refused('deleteProject'), 409: () => ({ who: 'admin', params: { id: 'default' } }) },
    listMembers: { 403: refused('listMembers') },
    findCandidates: { 403: refused('findCandidates') },
    setMember: { 403: refused('setMember'), 409: ofProviders },
    removeMember: { 403: refused('removeMember'), 409: ofProviders },
  } as const satisfies Record<string, Record<string, Make>>;
}
