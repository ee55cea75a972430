import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { openTestDatabase } from '../testing/database.ts';
import { createAuth } from './auth/services.ts';
import { withoutBase } from './plugins/base-path.ts';

const secretKey = 'a secret of at least thirty-two bytes';
const html =
  '<!doctype html><html><head><script src="./start.js"></script></head><body><script type="module" src="./assets/index.js"></script></body></html>';

const start = "document.documentElement.dataset.theme = 'dark';\n";
const pages = { fonts: ['assets/inter.woff2'], pages: [{ pattern: '^\\/runs$', files: ['assets/RunsPage-1.js'] }] };

let folder: string;
let server: TestApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rondo-pages-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), html);
  await writeFile(join(folder, 'start.js'), start);
  await writeFile(join(folder, 'pages.json'), JSON.stringify(pages));
  await writeFile(join(folder, 'assets/index.js'), 'export {};');
  const database = await openTestDatabase();
  const auth = createAuth({ db: database.db, secretKey, publicUrl: 'https://host.example/rondo' });
  server = await openTestApp({ database, auth, frontendFolder: folder });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const accept = { accept: 'text/html' };

describe('the page names what it needs', () => {
  it('the script that runs before the first paint is in the page, and the policy names it by its digest', async () => {
    const { body, headers } = await server.ask('GET', '/runs/a-run', accept);
    expect(body).toContain(`<script>${start}</script>`);
    const digest = createHash('sha256').update(start).digest('base64');
    expect(headers['content-security-policy']).toContain(`script-src 'self' 'sha256-${digest}';`);
    expect((await server.ask('GET', '/api/health')).headers['content-security-policy']).not.toContain('sha256-');
  });

  it('the files of the page at an address are requested with it, under the path', async () => {
    const headOf = async (url: string) => (await server.ask('GET', url, accept)).body.split('</head>')[0];
    const [runs, other] = [await headOf('/rondo/runs'), await headOf('/rondo/models')];
    expect(runs).toContain('<link rel="modulepreload" crossorigin href="/rondo/assets/RunsPage-1.js">');
    expect(other).not.toContain('RunsPage');
    for (const head of [runs, other])
      expect(head).toContain('as="font" type="font/woff2" crossorigin href="/rondo/assets/inter.woff2"');
  });

  it('each of these pages has an etag of its own, which answers 304', async () => {
    const etagOf = async (url: string) => String((await server.ask('GET', url, accept)).headers.etag);
    const [runs, other] = [await etagOf('/runs'), await etagOf('/models')];
    expect(runs).not.toBe(other);
    expect((await server.ask('GET', '/runs', { ...accept, 'if-none-match': runs })).statusCode).toBe(304);
    expect((await server.ask('GET', '/runs', { ...accept, 'if-none-match': other })).statusCode).toBe(200);
  });
});

describe('[I6] under a path', () => {
  it.each(['/rondo/', '/rondo', '/', '/rondo/runs/a-run', '/runs/a-run', '/rondo/index.html'])(
    'the page at %s names its files and the path, whether the proxy keeps the path or not',
    async (url) => {
      const { statusCode, body, headers } = await server.ask('GET', url, accept);
      expect(statusCode).toBe(200);
      expect(headers['content-type']).toContain('text/html');
      expect(body).toContain('src="/rondo/assets/index.js"');
      expect(body).toContain('<meta name="rondo-base-path" content="/rondo" />');
    },
  );

  it.each(['/rondo/assets/index.js', '/assets/index.js', '/rondo/api/health', '/api/health', '/rondo/openapi.json'])(
    '%s is served',
    async (url) => {
      expect((await server.ask('GET', url)).statusCode).toBe(200);
    },
  );

  it('the cookie of a session is sent to this server alone', async () => {
    const { username } = (await server.signIn('viewer')).user;
    const { headers } = await server.ask('POST', '/rondo/api/auth/login', {}, { username, password: 'wrong horse' });
    expect(headers['set-cookie']).toBeUndefined();
    const { cookie } = await server.signIn('viewer');
    const refreshed = await server.ask('POST', '/rondo/api/auth/refresh', {
      cookie: `__Secure-rondo_refresh=${cookie}`,
      origin: 'https://host.example',
      host: 'host.example',
    });
    expect(refreshed.statusCode).toBe(200);
    expect(refreshed.headers['set-cookie']).toMatch(/^__Secure-rondo_refresh=.*; Path=\/rondo\/api\/auth; .*Secure/);
  });

  it('a redirect of a sign-in stays under the path', async () => {
    const { statusCode, headers } = await server.ask('GET', '/rondo/api/auth/oidc/start');
    expect([302, 404]).toContain(statusCode);
    if (statusCode === 302) expect(headers.location).toMatch(/^\/rondo\//);
  });

  it('an upload names its address under the path', async () => {
    const { headers } = await server.makeReporter();
    const metadata = Object.entries({ version: 'v1', run_id: 'r', sha256: 'a'.repeat(64) })
      .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
      .join(',');
    const answer = await server.ask('POST', '/rondo/api/uploads', {
      ...headers,
      'tus-resumable': '1.0.0',
      'upload-length': '5',
      'upload-metadata': metadata,
    });
    expect(answer.statusCode).toBe(201);
    expect(answer.headers.location).toMatch(/^\/rondo\/api\/uploads\//);
    expect(
      (await server.ask('HEAD', String(answer.headers.location), { ...headers, 'tus-resumable': '1.0.0' })).statusCode,
    ).toBe(200);
  });
});

describe('an address without its path', () => {
  it.each([
    ['/rondo/api/runs?limit=1', '/api/runs?limit=1'],
    ['/rondo', '/'],
    ['/rondo?a=b', '/?a=b'],
    ['/rondos/api', '/rondos/api'],
    ['/api/runs', '/api/runs'],
  ])('%s is %s', (given, expected) => {
    expect(withoutBase(given, '/rondo')).toBe(expected);
  });

  it('is unchanged at the root', () => {
    expect(withoutBase('/rondo/api', '')).toBe('/rondo/api');
  });
});
