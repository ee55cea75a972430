import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { TestApp } from './app.ts';
import { aWholeRound, makeRun } from './facts.ts';
import type { Listed } from './openapi.ts';

/** A request without a socket, for routes that set the time that one may be silent. */
export class RequestInMemory extends Readable {
  setTimeout(): this {
    return this;
  }
}

/** One request of an operation, and its caller. */
export interface Ask {
  readonly who?: 'admin' | 'viewer' | 'reporter' | 'anonymous' | undefined;
  readonly params?: Readonly<Record<string, string | number>> | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: object | string | Readable | undefined;
  readonly address?: string | undefined;
  /** How often it is sent; `atOnce` or one after the other. */
  readonly times?: number | undefined;
  readonly atOnce?: boolean | undefined;
}

export type World = Awaited<ReturnType<typeof makeWorld>>;

/** A server in use: people, an FL server, and ways to make what an operation is about. */
export async function makeWorld(server: TestApp) {
  const admin = await server.signIn('admin');
  const viewer = await server.signIn('viewer');
  const reporter = await server.makeReporter();

  const aRun = async () => {
    const run = makeRun();
    await reporter.report([
      run.say('run_started', { name: 'x', framework: 'f', commands_supported: ['stop_round', 'stop_run'] }),
      run.say('client_joined', { client_id: 'a', dataset_size: 10 }),
      ...aWholeRound(run, 1),
      run.say('metric', { name: 'lr', value: 0.1, step: 1 }),
      run.say('round_started', { round: 2, client_ids: ['a', 'b'] }),
    ]);
    const list = await server.ask('GET', `/api/rounds?run_id=${run.id}`, viewer.headers);
    const [open, over] = list.json<{ items: { round_id: number }[] }>().items;
    return { run_id: run.id, open: open?.round_id ?? 0, over: over?.round_id ?? 0 };
  };

  const upload = (run_id: string, version: string, content = version): Ask => ({
    who: 'reporter',
    params: { version },
    query: { run_id },
    headers: { 'content-type': 'application/octet-stream', 'x-content-sha256': sha256(content) },
    body: content,
  });

  const aModel = async (run_id?: string) => {
    const of = run_id ?? (await aRun()).run_id;
    const version = `v-${randomUUID()}`;
    const ask = upload(of, version);
    const headers = { ...reporter.headers, ...ask.headers };
    const url = `/api/models/${version}?run_id=${of}`;
    const answer = await server.app.inject({ method: 'PUT', url, headers, payload: version, Request: RequestInMemory });
    if (answer.statusCode !== 201) throw new Error(`upload answered ${answer.statusCode}: ${answer.body}`);
    return { run_id: of, version };
  };

  const anAlias = async () => {
    const { run_id, version } = await aModel();
    const alias = `a-${randomUUID()}`;
    await server.ask('PUT', `/api/runs/${run_id}/aliases/${alias}`, admin.headers, { version });
    return { run_id, version, alias };
  };

  const tus = { 'tus-resumable': '1.0.0' };
  const creation = (run_id: string, version: string, content: string): Ask => ({
    who: 'reporter',
    headers: {
      ...tus,
      'upload-length': String(content.length),
      'upload-metadata': metadata({ run_id, version, sha256: sha256(content) }),
    },
  });
  const anUpload = async (content = 'abcd', digest = sha256(content)) => {
    const { run_id } = await aRun();
    const said = metadata({ run_id, version: `v-${randomUUID()}`, sha256: digest });
    const headers = { ...reporter.headers, ...tus, 'upload-length': String(content.length), 'upload-metadata': said };
    const answer = await server.app.inject({ method: 'POST', url: '/api/uploads', headers, Request: RequestInMemory });
    return String(answer.headers.location).split('/').at(-1) ?? '';
  };

  /** A project that only a server admin sees, unless the viewer becomes a member. */
  const aProject = async (role?: 'viewer' | 'admin') => {
    const id = `p-${randomUUID()}`;
    await server.ask('POST', '/api/projects', admin.headers, { id });
    if (role) await server.ask('PUT', `/api/projects/${id}/members/${viewer.user.id}`, admin.headers, { role });
    return id;
  };

  const made = async (url: string, body: object) =>
    (await server.ask('POST', url, admin.headers, body)).json<{ id: string }>().id;
  const anAlertRule = () => made('/api/alert-rules', { name: 'failures', when: { kind: 'run_failed' } });
  const anAlertChannel = () => made('/api/alert-channels', { kind: 'browser', name: 'open pages' });

  return {
    anAlertRule,
    anAlertChannel,
    aProject,
    server,
    admin,
    viewer,
    reporter,
    aRun,
    aModel,
    anAlias,
    upload,
    creation,
    anUpload,
    tus,
  };
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const metadata = (entries: Readonly<Record<string, string>>): string =>
  Object.entries(entries)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

/** Sends it as often as it says; a refusal for being too many is the answer. */
export async function send(at: World, { method, path }: Listed, ask: Ask): Promise<LightMyRequestResponse> {
  const { who = 'anonymous', params = {}, query = {}, body, times = 1, atOnce = false, address = '127.0.0.1' } = ask;
  const headers = { ...(who === 'anonymous' ? {} : at[who].headers), ...ask.headers };
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name]).toWellFormed()),
  );
  const request = { method, url, query, headers, remoteAddress: address, ...(body !== undefined && { payload: body }) };
  const once = () =>
    at.server.app.inject({ ...request, Request: RequestInMemory } as InjectOptions) as Promise<LightMyRequestResponse>;
  if (!atOnce) for (let n = 1; n < times; n++) await once();
  const answers = await Promise.all(Array.from({ length: atOnce ? times : 1 }, once));
  return answers.find(({ statusCode }) => statusCode === 429) ?? (answers[0] as LightMyRequestResponse);
}
