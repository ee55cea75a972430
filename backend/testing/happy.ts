import { randomUUID } from 'node:crypto';
import { makeUser } from './auth/people.ts';
import type { Ask, World } from './exchanges.ts';

type Make = (world: World) => Ask | Promise<Ask>;

const read =
  (query: Ask['query'] = {}): Make =>
  () => ({ who: 'viewer', query });
const byAdmin =
  (query: Ask['query'] = {}): Make =>
  () => ({ who: 'admin', query });
const ofRun =
  (more: (run_id: string) => Ask): Make =>
  async ({ aRun }) => {
    const { run_id } = await aRun();
    return { who: 'viewer', ...more(run_id) };
  };
const ofModel: Make = async ({ aModel }) => ({ who: 'viewer', params: { version: (await aModel()).version } });
const ofUpload =
  (more: Ask = {}): Make =>
  async ({ anUpload, tus }) => ({
    who: 'reporter',
    params: { id: await anUpload() },
    ...more,
    headers: { ...tus, ...more.headers },
  });

/** The file of a run, which becomes another run. */
async function anExport({ aRun, server, admin }: World): Promise<Ask> {
  const { run_id } = await aRun();
  const { rawPayload } = await server.ask('GET', `/api/runs/${run_id}/export`, admin.headers);
  return {
    who: 'admin',
    query: { run_id: `imported-${randomUUID()}`, project: 'default' },
    headers: { 'content-type': 'application/zip' },
    body: rawPayload,
  };
}

/** For every operation, by operationId, a request that it answers with yes. */
export const happy: Readonly<Record<string, Make>> = {
  login: async ({ server }) => {
    const { username } = await makeUser(server.database.db, { password: 'purple monkey dishwasher' });
    return { body: { username, password: 'purple monkey dishwasher' } };
  },
  redeemSignInLink: async ({ server }) => {
    const user = await makeUser(server.database.db, { role: 'admin' });
    return { body: { token: await server.auth.createSignInLink(user.id) } };
  },
  refresh: async ({ server }) => ({ headers: { cookie: `rondo_refresh=${(await server.signIn('viewer')).cookie}` } }),
  logout: async ({ server }) => ({ headers: { cookie: `rondo_refresh=${(await server.signIn('viewer')).cookie}` } }),
  me: read(),
  createTicket: read(),
  changePassword: async ({ server }) => {
    const password = 'purple monkey dishwasher';
    const user = await makeUser(server.database.db, { password });
    const { session_id } = await server.auth.sessions.start(user, { user_agent: 'test', address: '192.0.2.1' });
    const token = await server.auth.accessTokens.issue(user, session_id);
    return {
      headers: { authorization: `Bearer ${token}` },
      body: { current_password: password, new_password: 'green turtle typewriter' },
    };
  },
  listSessions: read(),
  endSession: async ({ server }) => {
    const { headers } = await server.signIn('viewer');
    const list = await server.ask('GET', '/api/auth/sessions', headers);
    const [session] = list.json<{ items: { id: string }[] }>().items;
    return { headers, params: { id: session?.id ?? '' } };
  },
  signInMethods: () => ({}),
  startOidcSignIn: () => ({}),
  finishOidcSignIn: () => ({}),
  listUsers: byAdmin(),
  createUser: () => ({
    who: 'admin',
    body: { username: `u-${randomUUID()}`, password: 'purple monkey dishwasher', role: 'viewer' },
  }),
  editUser: async ({ server }) => ({
    who: 'admin',
    params: { id: (await makeUser(server.database.db)).id },
    body: { disabled: true },
  }),
  deleteUser: async ({ server }) => ({ who: 'admin', params: { id: (await makeUser(server.database.db)).id } }),
  endUserSessions: async ({ server }) => ({ who: 'admin', params: { id: (await makeUser(server.database.db)).id } }),
  listKeys: byAdmin(),
  createKey: () => ({ who: 'admin', body: { name: 'a test' } }),
  revokeKey: async ({ server, admin }) => {
    const made = await server.ask('POST', '/api/keys', admin.headers, { name: 'a test' });
    return { who: 'admin', params: { id: made.json<{ id: string }>().id } };
  },
  listAudit: byAdmin(),
  listProjects: read(),
  createProject: () => ({ who: 'admin', body: { id: `p-${randomUUID()}` } }),
  editProject: async (world) => ({ who: 'admin', params: { id: await world.aProject() }, body: { name: 'x' } }),
  deleteProject: async (world) => ({ who: 'admin', params: { id: await world.aProject() } }),
  listMembers: async (world) => ({ who: 'admin', params: { id: await world.aProject() } }),
  findCandidates: async (world) => ({
    who: 'admin',
    params: { id: await world.aProject() },
    query: { username: world.viewer.user.username },
  }),
  setMember: async (world) => ({
    who: 'admin',
    params: { id: await world.aProject(), user_id: (await makeUser(world.server.database.db)).id },
    body: { role: 'viewer' },
  }),
  removeMember: async (world) => {
    const { id: user_id } = await makeUser(world.server.database.db);
    return { who: 'admin', params: { id: 'default', user_id } };
  },
  ingest: () => ({ who: 'reporter', body: { reporter_id: randomUUID(), batch: 0, events: [] } }),
  listRuns: read(),
  pollLive: ofRun((run_id) => ({ query: { run_id } })),
  getRun: ofRun((run_id) => ({ params: { run_id } })),
  editRun: ofRun((run_id) => ({ who: 'admin', params: { run_id }, body: { notes: 'x' } })),
  endRun: ofRun((run_id) => ({ who: 'admin', params: { run_id }, body: { status: 'failed', reason: 'x' } })),
  exportRun: ofRun((run_id) => ({ params: { run_id } })),
  importRun: anExport,
  deleteRun: ofRun((run_id) => ({ who: 'admin', params: { run_id } })),
  listRounds: ofRun((run_id) => ({ query: { run_id, limit: '1' } })),
  getRound: async ({ aRun }) => ({ who: 'viewer', params: { round_id: (await aRun()).open } }),
  stopRound: async ({ aRun }) => ({ who: 'admin', params: { round_id: (await aRun()).open }, body: { reason: 'x' } }),
  listRunRounds: ofRun((run_id) => ({ params: { run_id } })),
  getRunRound: ofRun((run_id) => ({ params: { run_id, round: 1 } })),
  listLogs: ofRun((run_id) => ({ params: { run_id } })),
  getDispersion: ofRun((run_id) => ({ params: { run_id } })),
  getAttention: ofRun((run_id) => ({ params: { run_id } })),
  replayAttentionRule: ofRun((run_id) => ({ params: { run_id }, query: { rule: 'zero_update' } })),
  muteAttention: ofRun((run_id) => ({ who: 'admin', params: { run_id }, body: { client_id: 'a', reason: 'known' } })),
  unmuteAttention: async ({ aRun, server, admin }) => {
    const { run_id } = await aRun();
    await server.ask('PUT', `/api/runs/${run_id}/attention/mutes`, admin.headers, { rule: 'straggler' });
    return { who: 'admin', params: { run_id }, query: { rule: 'straggler' } };
  },
  listAlertRules: byAdmin(),
  createAlertRule: () => ({ who: 'admin', body: { name: 'failures', when: { kind: 'run_failed' } } }),
  editAlertRule: async (world) => ({
    who: 'admin',
    params: { id: await world.anAlertRule() },
    body: { enabled: false },
  }),
  deleteAlertRule: async (world) => ({ who: 'admin', params: { id: await world.anAlertRule() } }),
  listAlertChannels: byAdmin(),
  createAlertChannel: () => ({ who: 'admin', body: { kind: 'browser', name: 'open pages' } }),
  editAlertChannel: async (world) => ({
    who: 'admin',
    params: { id: await world.anAlertChannel() },
    body: { enabled: false },
  }),
  deleteAlertChannel: async (world) => ({ who: 'admin', params: { id: await world.anAlertChannel() } }),
  testAlertChannel: async (world) => ({ who: 'admin', params: { id: await world.anAlertChannel() } }),
  listAlerts: read(),
  getWaiting: ofRun((run_id) => ({ params: { run_id } })),
  getDiagnosis: ofRun((run_id) => ({ params: { run_id } })),
  getCost: ofRun((run_id) => ({ params: { run_id }, query: { label: 'region' } })),
  getPrivacy: ofRun((run_id) => ({ params: { run_id } })),
  getConvergence: ofRun((run_id) => ({ params: { run_id } })),
  getParticipation: ofRun((run_id) => ({ params: { run_id } })),
  getDirection: ofRun((run_id) => ({ params: { run_id } })),
  getTimeline: ofRun((run_id) => ({ params: { run_id } })),
  getMatrix: ofRun((run_id) => ({ params: { run_id }, query: { measure: 'train_loss' } })),
  listCommands: read(),
  listClients: ofRun((run_id) => ({ query: { run_id } })),
  getClientHistory: ofRun((run_id) => ({ params: { client_id: 'a' }, query: { run_id } })),
  getMetricsSummary: ofRun((run_id) => ({ query: { run_id } })),
  listMetricNames: ofRun((run_id) => ({ query: { run_id } })),
  getMetricSeries: ofRun((run_id) => ({ query: { run_id, name: 'lr' } })),
  listModels: async ({ aModel }) => ({ who: 'viewer', query: { run_id: (await aModel()).run_id } }),
  getModel: ofModel,
  deleteModel: async ({ aModel }) => {
    // The newest is held by `latest`.
    const { run_id, version } = await aModel();
    await aModel(run_id);
    return { who: 'admin', params: { version } };
  },
  saveModel: async ({ aRun, upload }) => upload((await aRun()).run_id, `v-${randomUUID()}`),
  createDownloadLink: ofModel,
  downloadModel: ofModel,
  createUpload: async ({ aRun, creation }) => creation((await aRun()).run_id, `v-${randomUUID()}`, 'abcd'),
  getUpload: ofUpload(),
  appendToUpload: ofUpload({
    headers: { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
    body: 'abcd',
  }),
  cancelUpload: ofUpload(),
  listAliases: async ({ anAlias }) => ({ who: 'viewer', params: { run_id: (await anAlias()).run_id } }),
  setAlias: async ({ aModel }) => {
    const { run_id, version } = await aModel();
    return { who: 'admin', params: { run_id, alias: 'production' }, body: { version } };
  },
  deleteAlias: async ({ anAlias }) => {
    const { run_id, alias } = await anAlias();
    return { who: 'admin', params: { run_id, alias } };
  },
  rollBackAlias: async ({ server, admin, anAlias, aModel }) => {
    const { run_id, alias } = await anAlias();
    const { version } = await aModel(run_id);
    await server.ask('PUT', `/api/runs/${run_id}/aliases/${alias}`, admin.headers, { version });
    return { who: 'admin', params: { run_id, alias } };
  },
  getMetrics: () => ({}),
  getHealth: () => ({}),
};
