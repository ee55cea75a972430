import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Model, modelDetailSchema, modelSchema, problemSchema } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { filesUnder, makeSafetensors, sha256, withHeader } from '../../testing/checkpoints.ts';
import { aWholeRound, makeRun, type TestRun } from '../../testing/facts.ts';

let server: TestApp;
let url: string;
beforeAll(async () => {
  server = await openTestApp();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

let last = 0;
const aVersion = () => `v${++last}`;

interface Save {
  readonly version?: string;
  readonly content?: Buffer;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
}

/** Stores a checkpoint as an FL server does. */
async function save(run: TestRun, { version = aVersion(), content, query, headers }: Save = {}) {
  const body = content ?? Buffer.from(`content of ${version}`);
  const reporter = await server.makeReporter();
  const parameters = new URLSearchParams({ run_id: run.id, ...query });
  const answer = await fetch(`${url}/api/models/${encodeURIComponent(version)}?${parameters}`, {
    method: 'PUT',
    headers: {
      ...reporter.headers,
      'content-type': 'application/octet-stream',
      'x-content-sha256': sha256(body),
      ...headers,
    },
    body: new Uint8Array(body),
  });
  return { version, body, status: answer.status, answer: (await answer.json()) as Model };
}

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const viewer = await server.signIn('viewer');
  return fetch(`${url}${path}`, { method, headers: { ...viewer.headers, ...headers } });
}

const detailOf = async (version: string) => modelDetailSchema.parse(await (await get(`/api/models/${version}`)).json());
const contentFile = (digest: string) => join('models', digest.slice(0, 2), digest);
const stored = () => filesUnder(server.dataDir);

describe('PUT /api/models/{version}', () => {
  it('[K1] stores the content under its digest and answers with the model', async () => {
    const run = makeRun();
    const { version, body, status, answer } = await save(run, { query: { round: '3', parent: 'v0', format: 'npz' } });
    expect(status).toBe(201);
    expect(modelSchema.parse(answer)).toMatchObject({
      version,
      run_id: run.id,
      round: 3,
      round_id: null,
      parent: 'v0',
      format: 'npz',
      size_bytes: body.length,
      sha256: sha256(body),
      parameter_count: null,
      metrics: {},
      aliases: ['latest'],
    });
    expect(await stored()).toContain(contentFile(sha256(body)));
    expect(await filesUnder(join(server.dataDir, 'uploads'))).toEqual([]);
  });

  it('[K1] answers 200 and the same when it is sent again', async () => {
    const run = makeRun();
    const first = await save(run);
    const again = await save(run, { version: first.version });
    expect([again.status, again.answer]).toEqual([200, first.answer]);
  });

  it('[K1] when several clients save one version at once, one creates it and the others find it stored', async () => {
    const run = makeRun();
    const version = aVersion();
    const saved = await Promise.all(Array.from({ length: 5 }, () => save(run, { version })));
    expect(saved.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
  });

  it('[K1] refuses another content for a version that exists in the run', async () => {
    const run = makeRun();
    const { version, body } = await save(run);
    const other = await save(run, { version, content: Buffer.from('other') });
    expect(other.status).toBe(409);
    expect(await stored()).not.toContain(contentFile(sha256('other')));
    expect((await detailOf(version)).sha256).toBe(sha256(body));
  });

  it('[K1] a version is a name within its run: two runs have one each, and run_id says which', async () => {
    const [one, two] = [makeRun(), makeRun()];
    const { version } = await save(one, { content: Buffer.from('one') });
    expect((await save(two, { version, content: Buffer.from('two') })).status).toBe(201);
    const { headers } = await server.signIn('admin');
    const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, of?: string) =>
      server.ask(method, `/api/models/${version}${path}${of === undefined ? '' : `?run_id=${of}`}`, headers);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/download'],
      ['POST', '/download-link'],
      ['DELETE', ''],
    ] as const) {
      const refused = await ask(method, path);
      expect(refused.statusCode).toBe(409);
      expect(refused.json().detail).toContain([one.id, two.id].sort().join(', '));
    }
    expect((await ask('GET', '', two.id)).json()).toMatchObject({ run_id: two.id, sha256: sha256('two') });
    expect((await ask('GET', '/download', one.id)).body).toBe('one');
    const link = (await ask('POST', '/download-link', two.id)).json<{ url: string }>().url;
    expect((await server.app.inject(link)).body).toBe('two');
    const chosen = `/api/runs/${one.id}/aliases/chosen`;
    expect((await server.ask('PUT', chosen, headers, { version })).statusCode).toBe(200);
    expect((await ask('GET', '', one.id)).json().aliases).toEqual(['chosen', 'latest']);
    expect((await ask('GET', '', two.id)).json().aliases).toEqual(['latest']);
    // The alias of one run does not hold the version of another.
    await save(two);
    expect((await ask('DELETE', '', two.id)).statusCode).toBe(204);
    expect((await ask('GET', '')).json()).toMatchObject({ run_id: one.id, aliases: ['chosen', 'latest'] });
  });

  it('[K1] [O5] a model of a project that is not visible makes no name ambiguous', async () => {
    const [mine, theirs] = [makeRun(), makeRun()];
    const { version } = await save(mine);
    await save(theirs, { version, content: Buffer.from('theirs') });
    const admin = await server.signIn('admin');
    const viewer = await server.signIn('viewer');
    const project_id = `p-${version}`.slice(0, 40).toLowerCase();
    expect((await server.ask('POST', '/api/projects', admin.headers, { id: project_id })).statusCode).toBe(201);
    expect((await server.ask('PATCH', `/api/runs/${theirs.id}`, admin.headers, { project_id })).statusCode).toBe(200);
    const seen = await server.ask('GET', `/api/models/${version}`, viewer.headers);
    expect([seen.statusCode, seen.json().run_id]).toEqual([200, mine.id]);
    const hidden = await server.ask('GET', `/api/models/${version}?run_id=${theirs.id}`, viewer.headers);
    expect([hidden.statusCode, hidden.json().detail]).toEqual([404, `there is no model ${version}`]);
  });

  it('[K4] reads the tensors of a safetensors file and returns the user who stored it', async () => {
    const content = makeSafetensors({ bias: [10], weight: [10, 60] });
    const { version, answer } = await save(makeRun(), { content });
    expect(answer).toMatchObject({ format: 'safetensors', parameter_count: 610 });
    expect(await detailOf(version)).toMatchObject({
      tensor_count: 2,
      tensors: [
        { name: 'bias', dtype: 'F32', shape: [10] },
        { name: 'weight', dtype: 'F32', shape: [10, 60] },
      ],
      created_by: 'a test',
    });
  });

  it('[K4] stores a file with a false header, without tensors', async () => {
    const content = withHeader({ weight: { dtype: 'F32', shape: [1_000], data_offsets: [0, 4_000] } }, 4);
    const { version, status, answer } = await save(makeRun(), { content });
    expect([status, answer.format, answer.parameter_count]).toEqual([201, 'binary', null]);
    expect((await detailOf(version)).tensors).toEqual([]);
  });

  it('[K5] shows the figures of its round, also those that come later', async () => {
    const run = makeRun();
    const { version } = await save(run, { query: { round: '1' } });
    const reporter = await server.makeReporter();
    await reporter.report(aWholeRound(run, 1));
    const { metrics, round_metrics, round_id } = await detailOf(version);
    expect(metrics).toEqual({ global_loss: 1, global_accuracy: 0 });
    expect(round_metrics).toEqual(metrics);
    expect(round_id).toBeTypeOf('number');
  });
});

describe('bad input: a clear error and no trace', () => {
  const before = async () => ({ files: await stored(), models: await count() });
  const count = async () => ((await (await get('/api/models')).json()) as { total: number }).total;

  it.each(['../../etc/passwd', '..', '.', '/etc/passwd', 'a/b', 'a\\b', '%2e%2e', '.hidden', 'a b', 'a\u202eb', '-rf'])(
    'path traversal in a version name: %j is 422 and names version',
    async (version) => {
      const was = await before();
      const run = makeRun();
      const { status, answer } = await save(run, { version });
      // A program that does not escape its dots ends at another address.
      expect([404, 422]).toContain(status);
      if (status === 422) expect(problemSchema.parse(answer).errors?.[0]?.path).toBe('version');
      expect(await before()).toEqual(was);
      expect((await get(`/api/runs/${run.id}`)).status).toBe(404);
    },
  );

  it('a wrong digest is 422 and says both', async () => {
    const was = await before();
    const run = makeRun();
    const { status, answer, body } = await save(run, { headers: { 'x-content-sha256': sha256('another') } });
    expect(status).toBe(422);
    expect(problemSchema.parse(answer).detail).toMatch(new RegExp(`${sha256(body)}.*${sha256('another')}`));
    expect(await before()).toEqual(was);
    expect((await get(`/api/runs/${run.id}`)).status).toBe(404);
  });

  it.each([
    ['no digest', { 'x-content-sha256': '' }, 422],
    ['a digest that is none', { 'x-content-sha256': 'abc' }, 422],
    ['JSON', { 'content-type': 'application/json' }, 415],
  ])('%s is refused', async (_what, headers, expected) => {
    const was = await before();
    expect((await save(makeRun(), { headers })).status).toBe(expected);
    expect(await before()).toEqual(was);
  });

  it.each([
    [{ round: '-1' }, 'round'],
    [{ round: 'one' }, 'round'],
    [{ round: '2147483648' }, 'round'],
    [{ format: '../x' }, 'format'],
    [{ parent: '../x' }, 'parent'],
    [{ run_id: '' }, 'run_id'],
  ])('%j is 422 and names %s', async (query, field) => {
    const was = await before();
    const { status, answer } = await save(makeRun(), { query });
    expect([status, problemSchema.parse(answer).errors?.[0]?.path]).toEqual([422, field]);
    expect(await before()).toEqual(was);
  });

  it('a truncated upload leaves nothing', async () => {
    const was = await before();
    const run = makeRun();
    const { headers } = await server.makeReporter();
    const broken = await new Promise<string>((resolve) => {
      const sent = httpRequest(`${url}/api/models/${aVersion()}?run_id=${run.id}`, {
        method: 'PUT',
        headers: {
          ...headers,
          'content-type': 'application/octet-stream',
          'content-length': '1000000',
          'x-content-sha256': sha256('whatever'),
        },
      });
      sent.on('error', (error) => resolve(error.message));
      sent.on('response', (response) => resolve(String(response.statusCode)));
      sent.write(Buffer.alloc(300_000));
      // The file exists while the upload runs.
      void vi.waitUntil(async () => (await stored()).some((name) => name.includes('put-'))).then(() => sent.destroy());
    });
    expect(broken).toMatch(/hang up|ECONNRESET|400/);
    await vi.waitUntil(async () => !(await stored()).some((name) => name.includes('put-')));
    expect(await before()).toEqual(was);
    expect((await get(`/api/runs/${run.id}`)).status).toBe(404);
  });

  it('a length that is not said is 411, and one over the bound 413, before a byte is read', async () => {
    const { headers } = await server.makeReporter();
    const ask = (more: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = httpRequest(`${url}/api/models/${aVersion()}?run_id=r`, {
          method: 'PUT',
          headers: {
            ...headers,
            'content-type': 'application/octet-stream',
            'x-content-sha256': sha256('x'),
            ...more,
          },
        });
        sent.on('response', (response) => {
          resolve(response.statusCode);
          sent.destroy();
        });
        sent.on('error', reject);
        sent.write('x');
      });
    expect(await ask({ 'transfer-encoding': 'chunked' })).toBe(411);
    expect(await ask({ 'content-length': String(64 * 1024 * 1024 + 1) })).toBe(413);
  });

  it('is for API keys with the scope models: 401 for people, strangers and keys that only report', async () => {
    const { token } = await server.signIn('admin');
    for (const authorization of [`Bearer ${token}`, 'Bearer rk_nonsense', '']) {
      expect((await save(makeRun(), { headers: { authorization } })).status).toBe(401);
    }
  });
});

describe('GET /api/models/{version}/download', () => {
  it('[K3] sends the content with its digest, its name and its length', async () => {
    const { version, body } = await save(makeRun(), { query: { format: 'npz' } });
    const answer = await get(`/api/models/${version}/download`);
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(body);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(body.length),
      'content-disposition': `attachment; filename="${version}.npz"; filename*=UTF-8''${version}.npz`,
      etag: `"${sha256(body)}"`,
      'repr-digest': `sha-256=:${Buffer.from(sha256(body), 'hex').toString('base64')}:`,
      'accept-ranges': 'bytes',
    });
  });

  it('HEAD answers the same without the content', async () => {
    const { version } = await save(makeRun());
    const [whole, head] = [
      await get(`/api/models/${version}/download`),
      await get(`/api/models/${version}/download`, {}, 'HEAD'),
    ];
    expect(head.status).toBe(200);
    for (const name of ['etag', 'content-length', 'content-type', 'repr-digest', 'accept-ranges']) {
      expect(head.headers.get(name), name).toBe(whole.headers.get(name));
    }
    expect(await head.text()).toBe('');
  });

  it.each([
    ['bytes=0-3', 206, 'bytes 0-3/10', '0123'],
    ['bytes=4-', 206, 'bytes 4-9/10', '456789'],
    ['bytes=-3', 206, 'bytes 7-9/10', '789'],
    ['bytes=5-99', 206, 'bytes 5-9/10', '56789'],
    ['bytes=-99', 206, 'bytes 0-9/10', '0123456789'],
    ['bytes=0-1,3-4', 200, null, '0123456789'],
    ['lines=1-2', 200, null, '0123456789'],
    ['bytes=3-1', 200, null, '0123456789'],
  ])('Range %s answers %i %s', async (range, status, contentRange, text) => {
    const { version } = await save(makeRun(), { content: Buffer.from('0123456789') });
    const answer = await get(`/api/models/${version}/download`, { range });
    expect([answer.status, answer.headers.get('content-range'), await answer.text()]).toEqual([
      status,
      contentRange,
      text,
    ]);
    expect(answer.headers.get('content-length')).toBe(String(text.length));
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])(
    'a Range past the end, %s, is 416 and says the size',
    async (range) => {
      const { version } = await save(makeRun(), { content: Buffer.from('0123456789') });
      const answer = await get(`/api/models/${version}/download`, { range });
      expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */10']);
      expect(answer.headers.get('content-type')).toMatch('application/problem+json');
      expect(problemSchema.parse(await answer.json()).detail).toContain('10 bytes');
    },
  );

  it('If-Range goes on only with the same content; If-None-Match sends nothing again', async () => {
    const { version, body } = await save(makeRun());
    const path = `/api/models/${version}/download`;
    const etag = `"${sha256(body)}"`;
    expect((await get(path, { range: 'bytes=1-', 'if-range': etag })).status).toBe(206);
    expect((await get(path, { range: 'bytes=1-', 'if-range': '"another"' })).status).toBe(200);
    expect((await get(path, { range: 'bytes=1-', 'if-range': 'Sat, 31 Jan 2026 12:00:00 GMT' })).status).toBe(200);
    const same = await get(path, { 'if-none-match': `"x", W/${etag}` });
    expect([same.status, await same.text()]).toEqual([304, '']);
    expect((await get(path, { 'if-none-match': '"x"' })).status).toBe(200);
  });

  it('an empty checkpoint can be stored and fetched', async () => {
    const { version, status } = await save(makeRun(), { content: Buffer.alloc(0) });
    expect(status).toBe(201);
    expect(await (await get(`/api/models/${version}/download`)).text()).toBe('');
    expect((await get(`/api/models/${version}/download`, { range: 'bytes=0-' })).status).toBe(416);
  });

  it('a name in another script reaches the browser', async () => {
    const { version } = await save(makeRun(), { version: `モデル${aVersion()}` });
    const { headers } = await get(`/api/models/${encodeURIComponent(version)}/download`);
    const [, full = ''] = /filename\*=UTF-8''(\S+)/.exec(headers.get('content-disposition') ?? '') ?? [];
    expect(decodeURIComponent(full)).toBe(`${version}.bin`);
  });

  it('401 without a token, 404 for a version that does not exist', async () => {
    const { version } = await save(makeRun());
    expect((await fetch(`${url}/api/models/${version}/download`)).status).toBe(401);
    expect((await get('/api/models/missing/download')).status).toBe(404);
  });
});

describe('POST /api/models/{version}/download-link', () => {
  async function aLink() {
    const { version, body } = await save(makeRun());
    const viewer = await server.signIn('viewer');
    const answer = await server.ask('POST', `/api/models/${version}/download-link`, viewer.headers);
    expect(answer.statusCode).toBe(200);
    return { ...answer.json<{ url: string; expires_in: number }>(), version, body, viewer };
  }

  it('opens the checkpoint once, without any header', async () => {
    const { url: path, expires_in, body } = await aLink();
    expect(expires_in).toBe(60);
    expect(Buffer.from(await (await fetch(`${url}${path}`)).arrayBuffer())).toEqual(body);
    expect((await fetch(`${url}${path}`)).status).toBe(401);
  });

  it('opens no other checkpoint, and nothing after its owner has signed out', async () => {
    const { url: path } = await aLink();
    const other = await save(makeRun());
    expect((await fetch(`${url}${path.replace(/models\/[^/]+/, `models/${other.version}`)}`)).status).toBe(401);
    const { url: late, viewer } = await aLink();
    await server.app.inject({
      method: 'POST',
      url: '/api/auth/logout',
      headers: { ...viewer.headers, cookie: `rondo_refresh=${viewer.cookie}` },
    });
    expect((await fetch(`${url}${late}`)).status).toBe(401);
  });

  it('is created for a signed-in user and an existing version', async () => {
    const { headers } = await server.signIn('viewer');
    expect((await server.ask('POST', '/api/models/missing/download-link', headers)).statusCode).toBe(404);
    expect((await server.ask('POST', '/api/models/missing/download-link')).statusCode).toBe(401);
  });
});

describe('DELETE /api/models/{version}', () => {
  it('[K3] removes the version, and its content with the last version that has it', async () => {
    const run = makeRun();
    const content = Buffer.from(`shared by two ${aVersion()}`);
    const [one, two] = [await save(run, { content }), await save(run, { content })];
    const { headers } = await server.signIn('admin');
    expect((await server.ask('DELETE', `/api/models/${one.version}`, headers)).statusCode).toBe(204);
    expect((await get(`/api/models/${one.version}`)).status).toBe(404);
    expect(await (await get(`/api/models/${two.version}/download`)).text()).toBe(String(content));
    expect((await server.ask('DELETE', `/api/models/${two.version}`, headers)).statusCode).toBe(204);
    await vi.waitUntil(async () => !(await stored()).includes(contentFile(sha256(content))));
    const again = await save(run, { version: one.version, content });
    expect(again.status).toBe(201);
    expect(await (await get(`/api/models/${one.version}/download`)).text()).toBe(String(content));
  });

  it('a deleted run takes its contents along', async () => {
    const run = makeRun();
    const { body } = await save(run);
    const { headers } = await server.signIn('admin');
    await server.ask('DELETE', `/api/runs/${run.id}`, headers);
    await vi.waitUntil(async () => !(await stored()).includes(contentFile(sha256(body))));
  });

  it('is written down, and is for admins', async () => {
    const { version } = await save(makeRun());
    const viewer = await server.signIn('viewer');
    const admin = await server.signIn('admin');
    expect((await server.ask('DELETE', `/api/models/${version}`, viewer.headers)).statusCode).toBe(403);
    await server.ask('DELETE', `/api/models/${version}`, admin.headers);
    expect((await server.ask('DELETE', `/api/models/${version}`, admin.headers)).statusCode).toBe(404);
    const audit = await server.ask('GET', `/api/audit?action=model.delete&target=${version}`, admin.headers);
    expect(audit.json()).toMatchObject({ items: [{ action: 'model.delete', actor: admin.user.username }], total: 1 });
  });
});

describe('aliases', () => {
  async function aRunWithModels(...versions: string[]) {
    const run = makeRun();
    for (const version of versions) await save(run, { version });
    const { headers } = await server.signIn('admin');
    const ask = async (method: 'GET' | 'PUT' | 'DELETE' | 'POST', rest: string, body?: object) => {
      const answer = await server.ask(method, `/api/runs/${run.id}/aliases${rest}`, headers, body);
      return { status: answer.statusCode, body: answer.body ? answer.json() : null };
    };
    return { run, ask, headers };
  }

  it('[K6] point to versions, go back as far as they came, and show on the model', async () => {
    const [a, b, c] = [aVersion(), aVersion(), aVersion()];
    const { ask } = await aRunWithModels(a, b, c);
    for (const version of [a, b, c]) expect((await ask('PUT', '/production', { version })).status).toBe(200);
    expect((await detailOf(c)).aliases).toEqual(['latest', 'production']);
    const back = await ask('POST', '/production/rollback');
    expect(back).toMatchObject({ status: 200, body: { version: b, previous_version: a, is_automatic: false } });
    expect((await ask('POST', '/production/rollback')).body).toMatchObject({ version: a, previous_version: null });
    expect((await ask('POST', '/production/rollback')).status).toBe(409);
    expect((await detailOf(a)).aliases).toEqual(['production']);
    const { body } = await ask('GET', '');
    expect(body).toMatchObject({
      items: [{ alias: 'latest', version: c, is_automatic: true, set_by: null }, { alias: 'production' }],
      total: 2,
    });
    expect((await ask('DELETE', '/production')).status).toBe(204);
    expect((await detailOf(a)).aliases).toEqual([]);
  });

  it('[K6] best and latest are the server’s', async () => {
    const version = aVersion();
    const { ask } = await aRunWithModels(version);
    for (const alias of ['best', 'latest']) {
      expect((await ask('PUT', `/${alias}`, { version })).status).toBe(409);
      expect((await ask('DELETE', `/${alias}`)).status).toBe(409);
      expect((await ask('POST', `/${alias}/rollback`)).status).toBe(409);
    }
  });

  it('[K6] a version that an alias holds is not deleted, and the answer says which', async () => {
    const version = aVersion();
    const { ask, headers } = await aRunWithModels(version);
    await ask('PUT', '/production', { version });
    const refused = await server.ask('DELETE', `/api/models/${version}`, headers);
    expect([refused.statusCode, refused.json().detail]).toEqual([409, expect.stringContaining('production')]);
    await ask('DELETE', '/production');
    expect((await server.ask('DELETE', `/api/models/${version}`, headers)).statusCode).toBe(204);
  });

  it('are 404 for a version of another run, a missing run, alias or version, and 422 for a name that is a path', async () => {
    const [version, other] = [aVersion(), aVersion()];
    const { ask, headers } = await aRunWithModels(version);
    await aRunWithModels(other);
    expect((await ask('PUT', '/x', { version: other })).status).toBe(404);
    expect((await ask('PUT', '/x', { version: 'missing' })).status).toBe(404);
    expect((await ask('DELETE', '/x')).status).toBe(404);
    expect((await ask('POST', '/x/rollback')).status).toBe(404);
    expect((await server.ask('GET', '/api/runs/missing/aliases', headers)).statusCode).toBe(404);
    expect((await ask('PUT', '/..%2fx', { version })).status).toBe(422);
  });

  it('every move is written down with who made it, and is for admins', async () => {
    const [a, b] = [aVersion(), aVersion()];
    const { run, ask, headers } = await aRunWithModels(a, b);
    const viewer = await server.signIn('viewer');
    const path = `/api/runs/${run.id}/aliases/written-${a}`;
    expect((await server.ask('PUT', path, viewer.headers, { version: a })).statusCode).toBe(403);
    for (const version of [a, b, b]) await ask('PUT', `/written-${a}`, { version });
    await ask('POST', `/written-${a}/rollback`);
    await ask('DELETE', `/written-${a}`);
    const { items } = (await server.ask('GET', `/api/audit?target=written-${a}`, headers)).json();
    expect(items.map(({ action }: { action: string }) => action)).toEqual([
      'alias.delete',
      'alias.rollback',
      'alias.set',
      'alias.set',
    ]);
  });
});
