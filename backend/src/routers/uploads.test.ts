import type { AddressInfo } from 'node:net';
import { problemSchema } from '@rondo/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { filesUnder, makeSafetensors, sha256 } from '../../testing/checkpoints.ts';
import { makeRun } from '../../testing/facts.ts';

let server: TestApp;
let url: string;
let key: Record<string, string>;
beforeAll(async () => {
  server = await openTestApp();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
  key = (await server.makeReporter()).headers;
});
afterAll(() => server.close());

let last = 0;
let version: string;
let content: Buffer;
let before: string[];
beforeEach(async () => {
  version = `v${++last}`;
  content = makeSafetensors({ [version]: [10, 60] });
  before = await files();
});

/** The files that this test has made and that are still there. */
const files = () => filesUnder(server.dataDir);
const newFiles = async () => (await files()).filter((name) => !before.includes(name));

const run = makeRun();

const metadataOf = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',');

const said = (more: Record<string, string> = {}) => ({
  version,
  run_id: run.id,
  sha256: sha256(content),
  ...more,
});

function create(fields: Record<string, string> = said(), headers: Record<string, string> = {}) {
  return fetch(`${url}/api/uploads`, {
    method: 'POST',
    headers: {
      ...key,
      'tus-resumable': '1.0.0',
      'upload-length': String(content.length),
      'upload-metadata': metadataOf(fields),
      ...headers,
    },
  });
}

async function begin(fields?: Record<string, string>): Promise<string> {
  const answer = await create(fields);
  expect(answer.status).toBe(201);
  return answer.headers.get('location') ?? '';
}

const append = (path: string, from: number, bytes: Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, {
    method: 'PATCH',
    headers: {
      ...key,
      'tus-resumable': '1.0.0',
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(from),
      ...headers,
    },
    body: new Uint8Array(bytes),
  });

const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, { method, headers: { ...key, 'tus-resumable': '1.0.0', ...headers } });

async function getModel() {
  const { headers } = await server.signIn('viewer');
  return server.ask('GET', `/api/models/${version}`, headers);
}

describe('a resumable upload', () => {
  it('[K2] is a version when its last byte has come, and not before', async () => {
    const path = await begin(said({ round: '4', parent: 'v0' }));
    expect(path).toMatch(/^\/api\/uploads\/[0-9a-f]{32}$/);
    const first = await append(path, 0, content.subarray(0, 1_000));
    expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '1000']);
    expect((await getModel()).statusCode).toBe(404);
    expect((await ask('HEAD', path)).headers.get('upload-offset')).toBe('1000');
    expect((await append(path, 1_000, content.subarray(1_000))).status).toBe(204);
    expect((await getModel()).json()).toMatchObject({
      round: 4,
      parent: 'v0',
      format: 'safetensors',
      parameter_count: 600,
    });
    expect(await newFiles()).toEqual([
      expect.stringContaining(sha256(content)),
      expect.stringMatching(/uploads\/\w+\.json$/),
    ]);
  });

  it('[K2] returns the final offset to a client that was cut off before it received the response', async () => {
    const path = await begin();
    await append(path, 0, content);
    const head = await ask('HEAD', path);
    expect([head.status, head.headers.get('upload-offset')]).toEqual([200, String(content.length)]);
    expect((await append(path, content.length, new Uint8Array())).status).toBe(204);
    expect((await getModel()).statusCode).toBe(200);
  });

  it('[K2] with a wrong digest is 422 and leaves nothing', async () => {
    const path = await begin(said({ sha256: sha256('another') }));
    const answer = await append(path, 0, content);
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(problemSchema.parse(await answer.json()).detail).toContain(sha256(content));
    expect(await newFiles()).toEqual([]);
    expect((await getModel()).statusCode).toBe(404);
    expect((await ask('HEAD', path)).status).toBe(404);
  });

  it('[K2] is given up on DELETE', async () => {
    const path = await begin();
    await append(path, 0, content.subarray(0, 10));
    expect((await ask('DELETE', path)).status).toBe(204);
    expect(await newFiles()).toEqual([]);
    expect((await ask('HEAD', path)).status).toBe(404);
  });

  it.each([
    ['version', '../../etc/passwd'],
    ['version', null],
    ['sha256', 'abc'],
    ['sha256', null],
    ['round', 'one'],
    ['run_id', null],
  ])('bad input: %s %j is 422 and leaves nothing', async (field, value) => {
    const { [field]: _, ...rest }: Record<string, string> = said();
    const answer = await create(value === null ? rest : { ...rest, [field]: value });
    expect(answer.status).toBe(422);
    expect(problemSchema.parse(await answer.json()).errors?.[0]?.path).toBe(`Upload-Metadata.${field}`);
    expect(await newFiles()).toEqual([]);
  });

  it('of a version that exists with another content is 409 before a byte is sent', async () => {
    const path = await begin();
    await append(path, 0, content);
    expect((await create(said({ sha256: sha256('another') }))).status).toBe(409);
    // In another run the name is another version. [K1]
    expect((await create(said({ run_id: makeRun().id }))).status).toBe(201);
  });

  it('that goes on at a wrong place is 409, with too many bytes 413, and stays as it was', async () => {
    const path = await begin();
    await append(path, 0, content.subarray(0, 10));
    expect((await append(path, 5, content.subarray(5))).status).toBe(409);
    expect((await append(path, 10, content)).status).toBe(413);
    expect((await ask('HEAD', path)).headers.get('upload-offset')).toBe('10');
  });

  it('over the bound is 413, without a length 400, of a length that comes later 501', async () => {
    expect((await create(said(), { 'upload-length': String(64 * 1024 * 1024 + 1) })).status).toBe(413);
    expect((await create(said(), { 'upload-length': 'ten' })).status).toBe(400);
    const { 'upload-length': _, ...headers } = { ...key, 'tus-resumable': '1.0.0', 'upload-length': '' };
    const later = { ...headers, 'upload-metadata': metadataOf(said()), 'upload-defer-length': '1' };
    expect((await fetch(`${url}/api/uploads`, { method: 'POST', headers: later })).status).toBe(501);
    expect((await fetch(`${url}/api/uploads`, { method: 'POST', headers })).status).toBe(400);
    expect(await newFiles()).toEqual([]);
  });

  it.each(['2.0.0', ''])('with Tus-Resumable "%s" is 412, with the supported version', async (version) => {
    const answer = await create(said(), { 'tus-resumable': version });
    expect([answer.status, answer.headers.get('tus-version')]).toEqual([412, '1.0.0']);
    expect(problemSchema.parse(await answer.json())).toMatchObject({ status: 412 });
    expect(await newFiles()).toEqual([]);
  });

  it('says which extensions of the protocol it speaks', async () => {
    const { status, headers } = await fetch(`${url}/api/uploads`, { method: 'OPTIONS' });
    expect([status, headers.get('tus-version'), headers.get('tus-max-size')]).toEqual([204, '1.0.0', '67108864']);
    expect(headers.get('tus-extension')?.split(',').sort()).toEqual([
      'creation',
      'creation-with-upload',
      'expiration',
      'termination',
    ]);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('belongs to the API key that began it', async () => {
    const path = await begin();
    const other = (await server.makeReporter()).headers;
    for (const method of ['HEAD', 'DELETE']) expect((await ask(method, path, other)).status).toBe(404);
    expect((await append(path, 0, content, other)).status).toBe(404);
    expect((await ask('HEAD', path)).headers.get('upload-offset')).toBe('0');
  });

  it('is 401 without a key and for people', async () => {
    const { headers } = await server.signIn('admin');
    for (const authorization of ['', String(headers.authorization)]) {
      expect((await create(said(), { authorization })).status).toBe(401);
    }
    expect((await ask('HEAD', '/api/uploads/..%2f..%2fetc')).status).toBe(422);
    expect((await ask('HEAD', `/api/uploads/${'0'.repeat(32)}`)).status).toBe(404);
  });

  it('[K2] of which too many are under way is 503 and says when to come back; room comes with those that end', async () => {
    const paths: string[] = [];
    const more = () => create(said({ version: `${version}-${paths.length}` }));
    let refused = await more();
    for (; refused.status === 201; refused = await more()) paths.push(refused.headers.get('location') ?? '');
    expect(paths.length).toBeGreaterThan(32);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    await ask('DELETE', paths[0] as string);
    expect((await more()).status).toBe(201);
    for (const path of paths) await ask('DELETE', path);
  });

  it('two that send at once to one upload cannot mix their bytes', async () => {
    const path = await begin();
    const sent = await Promise.all([append(path, 0, content), append(path, 0, content)]);
    expect(sent.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect((await getModel()).json()).toMatchObject({ sha256: sha256(content) });
  });
});
