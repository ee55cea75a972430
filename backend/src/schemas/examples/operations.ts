import { alertExamples } from './alerts.ts';
import * as a from './entities.ts';
import { insightExamples } from './insight.ts';

interface Example {
  readonly request?: unknown;
  /** The example of the successful response. */
  readonly response?: unknown;
}

const page = <T>(item: T) => ({ items: [item], total: 1, limit: 20, offset: 0 });
const walkable = <T>(item: T) => ({ ...page(item), total: 240, next: 'MjI' });
const { run_id } = a.run;
const summarised = {
  ...a.run,
  summary: {
    last: { loss: { value: 0.231, round: 2 } },
    best: { loss: { value: 0.231, round: 2 } },
    sparkline: [0.84, 0.231],
    sparkline_of: 'loss',
    num_rounds: 3,
    num_rounds_failed: 0,
    num_clients: 10,
    duration_ms: null,
    bytes_up: 41_943_040,
    bytes_down: 41_943_040,
    epsilon: null,
  },
};

/** One exchange for every operation that has bodies, by operationId. */
export const examples: Readonly<Record<string, Example>> = {
  ...alertExamples,
  login: { request: { username: 'ada', password: 'correct horse battery' }, response: a.signIn },
  redeemSignInLink: { request: { token: 'kq3v0cJmS2Wn5l1xTz8b' }, response: a.signIn },
  refresh: { response: a.signIn },
  me: { response: a.signIn.user },
  createTicket: { response: { ticket: 'wt_0f8Zk2pQ7s', expires_in: 30 } },
  changePassword: { request: { current_password: 'correct horse battery', new_password: 'purple monkey dishwasher' } },
  listSessions: { response: { items: [a.session], total: 1 } },
  signInMethods: { response: { password: true, oidc: { name: 'Single sign-on' } } },

  listUsers: { response: page(a.user) },
  createUser: { request: { username: 'ada', password: 'correct horse battery', role: 'viewer' }, response: a.user },
  editUser: { request: { disabled: true }, response: { ...a.user, disabled: true } },
  listKeys: { response: page(a.key) },
  createKey: {
    request: { name: 'flower-server', scopes: ['ingest', 'models'] },
    response: { ...a.key, last_used_at: null, key: 'rk_4Tq8…' },
  },
  listProjects: { response: page(a.project) },
  createProject: { request: { id: 'cardiology', name: 'Cardiology' }, response: a.project },
  editProject: { request: { name: 'Cardiology' }, response: a.project },
  listMembers: { response: page(a.member) },
  findCandidates: { response: page({ user_id: a.member.user_id, username: a.member.username }) },
  setMember: { request: { role: 'viewer' }, response: a.member },
  listAudit: { response: page(a.auditEntry) },

  importRun: { response: { run: a.run, rows: { 'rounds.jsonl': 3, 'metrics.jsonl': 1_200 } } },

  ingest: {
    request: { reporter_id: 'reporter-1', batch: 0, events: a.facts },
    response: {
      accepted: 3,
      duplicates: 0,
      rejected: [],
      commands: [{ command_id: a.stop.command_id, command: 'stop_round', run_id, round: 3, reason: a.stop.reason }],
    },
  },

  listRuns: { response: walkable(summarised) },
  getRun: { response: summarised },
  listRunRounds: { response: walkable(a.round) },
  getRunRound: {
    response: {
      ...a.round,
      client_updates: [{ ...a.clientUpdate, round_id: 42, round: 3 }],
      earlier: [],
      neighbours: { previous: 2, next: null },
    },
  },
  listLogs: {
    response: walkable({
      log_id: 7,
      run_id,
      client_id: null,
      level: 'warning',
      message: 'round 3 waits for 2 clients',
      at: '2026-01-31T12:00:00.000Z',
    }),
  },
  editRun: { request: { notes: 'the good one', tags: ['baseline'] }, response: { ...a.run, notes: 'the good one' } },
  endRun: {
    request: { status: 'failed', reason: 'the machine was switched off' },
    response: { ...a.run, status: 'failed', reason: 'the machine was switched off', condition: null },
  },
  listRounds: { response: walkable(a.round) },
  getRound: {
    response: { ...a.round, client_updates: [{ ...a.clientUpdate, round_id: 42, round: 3 }], earlier: [] },
  },
  stopRound: { request: { reason: a.stop.reason, scope: 'round' }, response: a.stoppingRound },
  ...insightExamples,
  pollLive: { response: { type: 'batch', run_id, from_seq: 41, seq: 41, events: [] } },
  listCommands: { response: page(a.command) },
  listClients: { response: walkable(a.client) },
  getClientHistory: { response: { client_id: a.client.client_id, ...walkable(a.clientUpdate) } },
  getMetricsSummary: {
    response: { run_id, round: 2, global_loss: 0.231, global_accuracy: 0.928, metrics: { learning_rate: 0.1 } },
  },
  listMetricNames: {
    response: {
      run_id,
      client_id: a.client.client_id,
      items: [
        { name: 'batch_loss', points: 1_000_000 },
        { name: 'train_loss', points: null },
      ],
      total: 2,
      limit: 1_000,
      offset: 0,
    },
  },
  getMetricSeries: {
    response: {
      run_id,
      name: 'loss',
      client_id: null,
      total: 1_000_000,
      sampled: true,
      step: [0, 977, 1_954],
      value: [2.31, 0.84, 'NaN'],
      at: ['2026-01-31T12:00:00.000Z', '2026-01-31T12:01:00.000Z', '2026-01-31T12:02:00.000Z'],
    },
  },

  listModels: { response: page(a.model) },
  getModel: { response: a.modelDetail },
  saveModel: { response: a.model },
  createDownloadLink: {
    response: { url: `/api/models/${a.model.version}/download?ticket=dl_9sT2`, expires_in: 60 },
  },
  listAliases: { response: { items: [a.alias], total: 1 } },
  setAlias: { request: { version: a.model.version }, response: a.alias },
  rollBackAlias: { response: { ...a.alias, version: 'mnist-fedavg-7f3a-r1', previous_version: null } },

  getHealth: { response: { status: 'ok', version: '0.1.0', database: 'postgresql', viewers: 12, uptime_s: 86_400 } },
};
