import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { problemSchema } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devOrigin, openTestApp, type TestApp } from '../testing/app.ts';
import { makeRun } from '../testing/facts.ts';

const page = '<!doctype html><title>Rondo</title>';
const script = `export const words = ${JSON.stringify('round '.repeat(1_000))};`;

let folder: string;
let server: TestApp;
let isDatabaseAway = false;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rondo-test-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), page);
  await writeFile(join(folder, 'assets', 'index-1a2b3c.js'), script);
  server = await openTestApp({ frontendFolder: folder });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const get = (url: string, headers: Record<string, string> = {}) => server.ask('GET', url, headers);
const navigate = (url: string) => get(url, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });

describe('origins', () => {
  const preflight = (origin: string) =>
    server.ask('OPTIONS', '/api/rounds', {
      origin,
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization,content-type',
    });

  it('CORS errors in dev: a request of the dev server is answered with its origin and credentials', async () => {
    const { headers } = await server.signIn('viewer');
    const answer = await get('/api/rounds', { ...headers, origin: devOrigin });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': devOrigin,
      'access-control-allow-credentials': 'true',
      vary: expect.stringContaining('Origin'),
    });
    const problem = await get('/api/rounds', { origin: devOrigin });
    expect([problem.statusCode, problem.headers['access-control-allow-origin']]).toEqual([401, devOrigin]);
  });

  it('CORS allows frontend dev server, blocks random origins', async () => {
    const allowed = await preflight(devOrigin);
    expect(allowed.headers['access-control-allow-origin']).toBe(devOrigin);
    expect(allowed.headers['access-control-allow-methods']).toContain('PATCH');
    for (const origin of ['http://evil.example', 'http://localhost:5174', `${devOrigin}.evil.example`, 'null']) {
      const refused = await preflight(origin);
      expect(refused.headers['access-control-allow-origin']).toBeUndefined();
      const plain = await get('/api/health', { origin });
      expect(plain.headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

describe('what it says of itself', () => {
  it('describes itself as OpenAPI 3.1, every route with an operationId of its own', async () => {
    const { openapi, paths } = (await get('/openapi.json')).json<{
      openapi: string;
      paths: Record<string, Record<string, { operationId?: string }>>;
    }>();
    expect(openapi).toMatch(/^3\.1\./);
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/api/ingest', '/api/rounds/{round_id}/stop', '/api/metrics/series', '/api/auth/login']),
    );
  });

  it('describes every refusal that a route can give', async () => {
    const { paths } = (await get('/openapi.json')).json<{
      paths: Record<string, Record<string, { responses: object }>>;
    }>();
    expect(Object.keys(paths['/api/rounds/{round_id}/stop']?.post?.responses ?? {})).toEqual(
      expect.arrayContaining(['202', '401', '403', '404', '409', '422']),
    );
  });

  it('has a page to read the API, and the page its own scripts', async () => {
    const docs = await navigate('/docs');
    expect([docs.statusCode, docs.headers['content-type']]).toEqual([200, expect.stringMatching('text/html')]);
    const scripts = [...docs.body.matchAll(/src="([^"]+\.js)"/g)].map(([, src]) => src ?? '');
    expect(scripts.length).toBeGreaterThan(0);
    for (const src of scripts) {
      expect((await get(new URL(src, 'http://rondo.test/docs').pathname)).statusCode).toBe(200);
    }
  });

  it('is healthy while its database answers', async () => {
    const answer = await get('/api/health');
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { status: 'ok', version: '0.0.0-test', database: 'embedded', viewers: 0, uptime_s: expect.any(Number) },
    ]);
  });

  it('is degraded, 503, while its database does not, and healthy again after', async () => {
    const { database } = server;
    const ping = (timeoutMs: number) =>
      isDatabaseAway ? Promise.reject(new Error('no answer at postgres://secret@host')) : database.ping(timeoutMs);
    const { app } = await openTestApp({ database: { ...database, ping } });
    isDatabaseAway = true;
    const away = await app.inject('/api/health');
    expect([away.statusCode, away.json()]).toEqual([503, expect.objectContaining({ status: 'degraded' })]);
    expect(away.body).not.toContain('secret');
    isDatabaseAway = false;
    expect((await app.inject('/api/health')).statusCode).toBe(200);
    await app.close();
  });
});

describe('what it sends', () => {
  it.each(['/', '/api/health', '/api/rounds', '/nowhere', '/assets/index-1a2b3c.js', '/docs', '/openapi.json'])(
    '[L7] carries headers that protect who reads %s',
    async (path) => {
      const { headers } = await navigate(path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'referrer-policy': expect.any(String),
      });
      const policy = String(headers['content-security-policy']);
      expect(policy).toMatch(/default-src 'self'/);
      expect(policy).toMatch(/frame-ancestors 'none'/);
      expect(policy).not.toMatch(/script-src[^;]*unsafe/);
      // The page of the API's description is another program's, and has style elements.
      if (path !== '/docs') expect(policy).not.toMatch(/unsafe/);
      // [L7]
      expect(policy).toMatch(/connect-src 'self'(;|$)/);
      expect(policy).toMatch(/font-src 'self'(;|$)/);
      expect(policy).not.toMatch(/https?:|wss?:|\*|swagger/);
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['permissions-policy']).toContain('camera=()');
      expect(headers).not.toHaveProperty('x-powered-by');
    },
  );

  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ])('is compressed as %s for clients that accept it', async (encoding, decompress) => {
    for (const path of ['/assets/index-1a2b3c.js', '/openapi.json']) {
      const answer = await get(path, { 'accept-encoding': encoding });
      expect(answer.headers['content-encoding']).toBe(encoding);
      expect(answer.headers.vary).toMatch(/accept-encoding/i);
      const plain = await get(path);
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(decompress(answer.rawPayload)).toEqual(plain.rawPayload);
      expect(answer.rawPayload.length).toBeLessThan(plain.rawPayload.length);
    }
  });
});

describe('the pages', () => {
  it('are cached without expiry if their name contains a hash, and revalidated otherwise', async () => {
    const asset = await get('/assets/index-1a2b3c.js');
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    for (const path of ['/', '/runs/one']) {
      const { headers, body } = await navigate(path);
      expect([headers['cache-control'], body]).toEqual(['no-cache', page]);
    }
  });

  it.each(['/', '/assets/index-1a2b3c.js'])('are not sent again to who has them: %s', async (path) => {
    const { etag } = (await navigate(path)).headers;
    expect(etag).toBeDefined();
    const again = await get(path, { 'if-none-match': String(etag) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });

  it.each(['/runs', '/runs/one', '/runs/exp.v1.5', '/sign-in', '/login?next=/runs'])(
    'open at any address of the app: %s',
    async (path) => {
      const answer = await navigate(path);
      expect([answer.statusCode, answer.body]).toEqual([200, page]);
    },
  );

  it.each([
    ['GET', '/api/nothing', 'text/html'],
    ['GET', '/assets/gone-123456.js', 'text/html'],
    ['GET', '/assets/gone-123456.js', '*/*'],
    ['GET', '/gone.js', '*/*'],
    ['GET', '/gone', 'application/json'],
    ['GET', '/ws/nothing', 'text/html'],
    ['POST', '/runs/one', 'text/html'],
    ['GET', '/../../etc/passwd', '*/*'],
    ['GET', '/..%2f..%2f..%2fetc%2fpasswd', '*/*'],
    ['GET', '/assets/..%2f..%2fpackage.json', '*/*'],
  ] as const)('are no answer to %s %s that accepts %s', async (method, path, accept) => {
    const answer = await server.ask(method, path, { accept });
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode).toBeLessThan(500);
    expect(answer.body).not.toContain('<title>');
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(problemSchema.parse(answer.json()).detail).not.toContain('?');
  });

  it('are not required to use the API', async () => {
    const { app } = await openTestApp({ database: server.database, frontendFolder: '/nowhere' });
    const answer = await app.inject({ url: '/runs', headers: { accept: 'text/html' } });
    expect(answer.statusCode).toBe(404);
    await app.close();
  });
});

describe('a bug', () => {
  it('leaves as a 500 that says nothing internal', async () => {
    const db = new Proxy(server.database.db, {
      get(target, name) {
        if (name === 'select') throw new Error('column "password_hash" of relation "users"');
        return Reflect.get(target, name);
      },
    });
    const broken = await openTestApp({ database: { ...server.database, db }, auth: server.auth });
    const { headers } = await server.signIn('viewer');
    const answer = await broken.ask('GET', '/api/rounds', headers);
    expect(answer.statusCode).toBe(500);
    expect(problemSchema.parse(answer.json())).toMatchObject({ status: 500, title: 'Internal Server Error' });
    expect(answer.body).not.toMatch(/password_hash|column|at .*\.ts/);
    await broken.app.close();
  });
});

describe('closing', () => {
  it('ends when all that was taken is stored and answered', async () => {
    const closing = await openTestApp({ database: server.database });
    const reporter = await closing.makeReporter();
    const run = makeRun();
    // More than one transaction's worth, so that some still waits when the first is answered.
    const sizes = Array.from({ length: 8 }, (_, n) => n * 1_500);
    const statuses: number[] = [];
    const answers = sizes.map((from) => {
      const steps = Array.from({ length: 1_500 }, (_, n) => from + n);
      const answer = reporter.post(steps.map((step) => run.say('metric', { name: 'loss', value: 1, step })));
      return answer.then(({ statusCode }) => statuses.push(statusCode));
    });
    await Promise.race(answers);
    expect(statuses.length).toBeLessThan(8);
    await closing.app.close();
    expect(statuses).toEqual(new Array(8).fill(200));
    const { headers } = await server.signIn('viewer');
    const series = await get(`/api/metrics/series?run_id=${run.id}&name=loss&max_points=20000`, headers);
    expect(series.json()).toMatchObject({ total: 12_000 });
  });

  it('refuses what comes after', async () => {
    const closed = await openTestApp({ database: server.database });
    const reporter = await closing(closed);
    expect((await reporter.post([])).statusCode).toBe(503);
  });
});

async function closing(app: TestApp) {
  const reporter = await app.makeReporter();
  void app.app.close();
  return reporter;
}
