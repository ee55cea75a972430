import { createHash, randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeDataDir } from '../testing/database.ts';
import { makeRun } from '../testing/facts.ts';
import { startProcess } from '../testing/process.ts';
import { openSocket } from '../testing/socket.ts';

const settings = {
  ADMIN_PASSWORD: 'the password of the admin',
  SECRET_KEY: 'the secret key, of at least thirty-two bytes',
  METRICS_TOKEN: 'the-token-of-the-metrics',
  OIDC_ISSUER: 'http://127.0.0.1:1/issuer',
  OIDC_CLIENT_ID: 'rondo',
  OIDC_CLIENT_SECRET: 'the secret of the client',
  PUBLIC_URL: 'http://127.0.0.1:9',
} as const;

/** The real server at its most verbose log level, and its log when it stopped. */
async function startServer() {
  const folder = await makeDataDir();
  const places = { DATA_DIR: folder, TMPDIR: folder, LOG_LEVEL: 'trace' };
  const { child, url, ended } = startProcess({ ...settings, ...places }, ['--local']);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const printed = new Promise<string>((resolve) => {
    let said = '';
    child.stdout?.on('data', (chunk) => {
      said += String(chunk);
      const found = /sign-in#token=([\w-]+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
  });
  return {
    url: await url,
    // For the person at this machine.
    link: await printed,
    demoKey: (await readFile(join(folder, 'demo.key'), 'utf8')).trim(),
    stop: async () => {
      child.kill('SIGTERM');
      const { said } = await ended;
      return said
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .join('\n');
    },
  };
}

it('the log of the server carries no secret, whatever was asked, refused or broken', async () => {
  const server = await startServer();
  const secrets = new Map<string, string>(
    Object.entries(settings).filter(([name]) => /PASSWORD|SECRET|TOKEN/.test(name)),
  );
  const keep = (name: string, secret: string) => {
    secrets.set(name, secret);
    return secret;
  };
  keep('key of the demo', server.demoKey);
  const ask = async (method: string, path: string, { headers = {}, body }: Ask = {}) => {
    const isRaw = typeof body === 'string';
    const answer = await fetch(new URL(path, server.url), {
      method,
      redirect: 'manual',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = text.startsWith('{') ? JSON.parse(text) : {};
    return { status: answer.status, json, cookie: answer.headers.getSetCookie()[0]?.split(/[=;]/)[1] ?? '' };
  };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const username = 'admin';
  const wrong = keep('wrong password', 'a password that is not right');

  // People.
  const signedIn = await ask('POST', '/api/auth/login', { body: { username, password: settings.ADMIN_PASSWORD } });
  expect(signedIn.status).toBe(200);
  const access = keep('access token', signedIn.json.access_token);
  keep('signature of the access token', access.split('.')[2] ?? '');
  const admin = bearer(access);
  await ask('POST', '/api/auth/login', { body: { username, password: wrong } });
  await ask('POST', '/api/auth/login', { body: { username: [wrong], password: { wrong } } });
  await ask('POST', '/api/auth/login', { body: `{"username":"admin","password":"${wrong}` });
  await ask('POST', `/api/auth/login?password=${encodeURIComponent(wrong)}`, { body: {} });
  const link = { token: keep('sign-in link', server.link) };
  expect((await ask('POST', '/api/auth/link', { body: link })).status).toBe(200);
  expect((await ask('POST', '/api/auth/link', { body: link })).status).toBe(401);
  await ask('POST', '/api/auth/link', { body: { token: keep('unknown link', 'a-link-that-does-not-exist') } });
  const refreshed = await ask('POST', '/api/auth/refresh', {
    headers: { cookie: `rondo_refresh=${keep('refresh cookie', signedIn.cookie)}` },
  });
  expect(refreshed.status).toBe(200);
  if (refreshed.cookie) keep('second refresh cookie', refreshed.cookie);
  const viewer = { username: 'vera', password: keep('password of a viewer', 'the password of a viewer') };
  const made = await ask('POST', '/api/users', { headers: admin, body: { ...viewer, role: 'viewer' } });
  expect(made.status).toBe(201);
  const second = keep('second password of the viewer', 'another password of hers');
  await ask('PATCH', `/api/users/${made.json.id}`, { headers: admin, body: { password: second } });
  const vera = await ask('POST', '/api/auth/login', { body: { ...viewer, password: second } });
  const change = {
    current_password: second,
    new_password: keep('third password of the viewer', 'the password she chose'),
  };
  expect(
    (await ask('POST', '/api/auth/password', { headers: bearer(vera.json.access_token), body: change })).status,
  ).toBe(204);
  await ask('GET', '/api/auth/oidc/start?return_to=/runs');
  await ask(
    'GET',
    `/api/auth/oidc/callback?code=${keep('code', 'a-code-of-the-provider')}&state=${keep('state', 'a-state-of-ours')}`,
  );

  // Programs.
  const { key } = (await ask('POST', '/api/keys', { headers: admin, body: { name: 'a test' } })).json;
  keep('API key', key);
  const batch = {
    reporter_id: randomUUID(),
    batch: 1,
    events: [makeRun().say('run_complete', { status: 'complete' })],
  };
  expect((await ask('POST', '/api/ingest', { headers: bearer(key), body: batch })).status).toBe(200);
  await ask('POST', '/api/ingest', {
    headers: bearer(keep('unknown API key', `${key.slice(0, -4)}oops`)),
    body: batch,
  });
  await ask('GET', `/api/rounds?token=${access}&api_key=${key}`, { headers: { 'x-api-key': key } });
  await ask('GET', `/nowhere?token=${access}`, {
    headers: { authorization: `Basic ${keep('basic', btoa(`admin:${wrong}`))}` },
  });
  await ask('GET', '/metrics', { headers: bearer(settings.METRICS_TOKEN) });
  await ask('GET', '/metrics', { headers: bearer(keep('wrong token of the metrics', 'not-the-token-of-the-metrics')) });

  // Checkpoints.
  const weights = 'the weights of a model';
  const sha256 = createHash('sha256').update(weights).digest('hex');
  const run = batch.events[0]?.run_id ?? '';
  const octets = { 'content-type': 'application/octet-stream', 'x-content-sha256': sha256 };
  const upload = { headers: { ...bearer(key), ...octets }, body: weights };
  expect((await ask('PUT', `/api/models/m-1?run_id=${run}&format=raw`, upload)).status).toBe(201);
  const { json } = await ask('POST', '/api/models/m-1/download-link', { headers: admin });
  keep('download link', new URL(json.url, server.url).searchParams.get('link') ?? '');
  expect((await ask('GET', json.url)).status).toBe(200);
  expect((await ask('GET', json.url)).status).toBe(401);
  await ask('POST', '/api/uploads', { headers: { ...bearer(key), 'tus-resumable': '1.0.0', 'upload-length': '9' } });

  // Viewers.
  const ticket = keep('ticket', (await ask('POST', '/api/auth/ws-ticket', { headers: admin })).json.ticket);
  const events = `${server.url.replace('http', 'ws')}/ws/events?token=`;
  for (const token of [ticket, access]) await (await openSocket(events + token)).nextText();
  for (const token of [ticket, keep('wrong token', 'not-a-valid-token')]) {
    expect((await (await openSocket(events + token)).closed).code).toBe(4001);
  }
  await openSocket(events + access, { origin: 'http://evil.example' }).catch(() => {});

  const log = await server.stop();
  for (const path of [
    '/api/auth/login',
    '/api/auth/link',
    '/ws/events',
    '/api/models/m-1/download',
    '/api/auth/oidc/callback',
  ])
    expect(log).toContain(`"path":"${path}"`);
  for (const [name, secret] of secrets) {
    expect(secret.length, name).toBeGreaterThan(10);
    const forms = [secret, encodeURIComponent(secret), btoa(secret), createHash('sha256').update(secret).digest('hex')];
    expect(
      forms.filter((form) => log.includes(form)),
      `the log has the ${name}`,
    ).toEqual([]);
  }
  expect(log).not.toContain('$argon2');
}, 120_000);

interface Ask {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}
