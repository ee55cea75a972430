import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request as send } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { aWholeRound, makeRun } from '../testing/facts.ts';

const example = fileURLToPath(new URL('../../deploy/nginx.conf', import.meta.url));
const nginx = ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0);
const canRun = nginx !== undefined && spawnSync('openssl', ['version']).status === 0;
if (!canRun)
  console.warn('SKIPPED: there is no nginx (or no openssl) on this machine, so deploy/nginx.conf is not tried.');

// A person's address: neither the proxy's nor the server's.
const localAddress = '127.0.0.2';

describe.skipIf(!canRun)('deploy/nginx.conf', () => {
  let server: TestApp;
  let folder: string;
  let port: number;
  let plainPort: number;
  let proxy: ChildProcess | undefined;

  beforeAll(async () => {
    server = await openTestApp({ trustProxy: '127.0.0.1' });
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    folder = await mkdtemp(join(tmpdir(), 'rondo-nginx-'));
    [port, plainPort] = [await freePort(), await freePort()];
    await startNginx();
  });
  afterAll(async () => {
    proxy?.kill('SIGTERM');
    if (proxy?.exitCode === null) await once(proxy, 'exit');
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The example as it is, but for names, ports and places. */
  async function startNginx(): Promise<void> {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=rondo.example.org', '-days', '1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', certificate, ...subject], {
      stdio: 'ignore',
    });
    const backendPort = (server.app.server.address() as AddressInfo).port;
    const site = (await readFile(example, 'utf8'))
      .replace('listen 80;', `listen 127.0.0.1:${plainPort};`)
      .replace('listen 443 ', `listen 127.0.0.1:${port} `)
      .replace('/etc/ssl/rondo.example.org.pem', certificate)
      .replace('/etc/ssl/rondo.example.org.key', key)
      .replace('/var/log/nginx/rondo.log', join(folder, 'access.log'))
      .replace('server 127.0.0.1:8000;', `server 127.0.0.1:${backendPort};`);
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    await writeFile(
      join(folder, 'nginx.conf'),
      [
        userInfo().uid === 0 ? 'user root;' : '',
        `pid ${folder}/nginx.pid; error_log ${folder}/error.log; daemon off; worker_processes 1;`,
        'events {}',
        `http { access_log off; ${temp.join(' ')}\n${site}}`,
      ].join('\n'),
    );
    await mkdir(join(folder, 'logs'));
    await chmod(folder, 0o755);
    proxy = spawn(nginx as string, ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]);
    const answers = () =>
      ask({ path: '/api/health' }).then(
        ({ status }) => status,
        () => 0,
      );
    for (const until = Date.now() + 60_000; (await answers()) !== 200; await wait(50)) {
      if (Date.now() > until)
        throw new Error(`nginx does not answer:
${await readFile(join(folder, 'error.log'), 'utf8')}`);
    }
  }

  const requestTo = (options: RequestOptions) =>
    send({ host: '127.0.0.1', port, localAddress, rejectUnauthorized: false, agent: false, ...options });

  async function ask(options: RequestOptions, body?: Buffer | string) {
    const request = requestTo(options);
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, headers: response.headers, text };
  }

  const json = { 'content-type': 'application/json' };

  it('sends plain HTTP to TLS', async () => {
    const answer = await fetch(`http://127.0.0.1:${plainPort}/runs?x=1`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([301, 'https://127.0.0.1/runs?x=1']);
  });

  it('passes REST on, with the address of the person, whatever the person claims', async () => {
    const admin = await server.signIn('admin');
    const body = JSON.stringify({ username: 'unknown', password: 'wrong password' });
    const headers = { ...json, 'x-forwarded-for': '6.6.6.6' };
    expect((await ask({ path: '/api/auth/login', method: 'POST', headers }, body)).status).toBe(401);
    const { items } = (await server.ask('GET', '/api/audit?action=sign_in.failed', admin.headers)).json();
    expect(items[0]).toMatchObject({ address: localAddress });
  });

  it('lets a socket through, and its token stays out of the log', async () => {
    const { token } = await server.signIn('viewer');
    const reporter = await server.makeReporter();
    const run = makeRun();
    await reporter.report(aWholeRound(run, 1));
    const socket = new WebSocket(`wss://127.0.0.1:${port}/ws/events?token=${token}&run_id=${run.id}`, {
      rejectUnauthorized: false,
      origin: `https://127.0.0.1:${port}`,
    });
    const next = async () => JSON.parse(String((await once(socket, 'message'))[0]));
    expect(await next()).toMatchObject({ type: 'snapshot', run_id: run.id });
    const batch = next();
    await reporter.report(aWholeRound(run, 2));
    expect(await batch).toMatchObject({ type: 'batch' });
    socket.close();
    await once(socket, 'close');
    const log = () => readFile(join(folder, 'access.log'), 'utf8');
    await expect.poll(log).toContain('GET /ws/events"');
    expect(await log()).not.toContain(token);
  });

  it('passes the head of an upload on before its body has come', async () => {
    const headers = { 'content-length': 30_000_000, 'content-type': 'application/octet-stream' };
    const request = requestTo({ path: '/api/models/early', method: 'PUT', headers });
    request.on('error', () => {}); // It ends before the body does.
    request.write(randomBytes(1_000));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(401);
    request.destroy();
  });

  it('takes a checkpoint of 30 MB and gives it back', async () => {
    const bytes = randomBytes(30_000_000);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const reporter = await server.makeReporter();
    const run = makeRun();
    await reporter.report(aWholeRound(run, 1));
    const admin = await server.signIn('admin');
    const made = await server.ask('POST', '/api/keys', admin.headers, { name: 'models', scopes: ['models'] });
    const headers = {
      authorization: `Bearer ${made.json<{ key: string }>().key}`,
      'content-type': 'application/octet-stream',
      'x-content-sha256': sha256,
    };
    const path = `/api/models/behind-a-proxy?run_id=${run.id}&round=1&format=raw`;
    const stored = await ask({ path, method: 'PUT', headers }, bytes);
    expect(stored.status, stored.text).toBe(201);
    const request = requestTo({ path: '/api/models/behind-a-proxy/download', headers: admin.headers });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const digest = createHash('sha256');
    for await (const chunk of response) digest.update(chunk);
    expect(digest.digest('hex')).toBe(sha256);
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
