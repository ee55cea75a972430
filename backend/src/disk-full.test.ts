import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProcess } from '../testing/process.ts';

const password = 'correct horse battery';
const mebibyte = 1024 * 1024;

let folder: string;
let isMounted = false;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rondo-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=320m', 'tmpfs', folder], { stdio: 'ignore' });
    isMounted = true;
  } catch {
    console.log('the disk-full test needs the right to mount a small file system: NOT RUN');
  }
});
afterAll(() => {
  if (isMounted) execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
});

it('[H2] [B5] [B6] a disk that an ordinary key fills refuses reports, and nothing else', async (test) => {
  if (!isMounted) return test.skip();
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(80 * mebibyte));
  const settings = {
    DATA_DIR: join(folder, 'data'),
    ADMIN_PASSWORD: password,
    DISK_RESERVE_BYTES: String(64 * mebibyte),
  };
  const server = startProcess(settings, ['--local']);
  try {
    const url = await server.url;
    const key = (await readFile(join(folder, 'data', 'demo.key'), 'utf8')).trim();
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(20_000) });
    let batch = 0;
    const report = async (lines: number) => {
      batch += 1;
      const events = Array.from({ length: lines }, () => ({
        type: 'log',
        run_id: 'filler',
        at: new Date().toISOString(),
        level: 'info',
        message: randomBytes(3_900).toString('hex'),
      }));
      return ask('/api/ingest', {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ reporter_id: 'filler', batch, events }),
      });
    };
    let answer = await report(1);
    for (let tries = 0; answer.status === 200 && tries < 60; tries++) answer = await report(500);
    expect(answer.status).toBe(507);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('nothing can be stored') });

    const health = await ask('/api/health');
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('reserve') });
    const signIn = await ask('/api/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password }),
    });
    expect(signIn.status).toBe(200);
    const { access_token } = (await signIn.json()) as { access_token: string };
    const runs = await ask('/api/runs', { headers: { authorization: `Bearer ${access_token}` } });
    expect(await runs.json()).toMatchObject({ items: [{ run_id: 'filler' }] });
    const attention = async () => {
      const list = await ask('/api/runs/filler/attention', { headers: { authorization: `Bearer ${access_token}` } });
      return ((await list.json()) as { items: unknown[] }).items;
    };
    const trouble = { rule: 'server_disk', severity: 'critical', evidence: { is_over: false } };
    await expect.poll(attention, { timeout: 30_000, interval: 200 }).toMatchObject([trouble]);
    const gauge = async () =>
      (await (await ask('/metrics')).text()).match(/^rondo_server_trouble\{rule="server_disk"\} (\d)/m)?.[1];
    expect(await gauge()).toBe('1');
    const upload = await ask('/api/uploads', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'tus-resumable': '1.0.0', 'upload-length': '10' },
    });
    expect(upload.status).toBe(507);

    rmSync(ballast);
    await expect.poll(async () => (await report(1)).status, { timeout: 15_000, interval: 200 }).toBe(200);
    expect(await (await ask('/api/health')).json()).toMatchObject({ status: 'ok' });
    const isOver = { rule: 'server_disk', evidence: { is_over: true } };
    await expect.poll(attention, { timeout: 30_000, interval: 200 }).toMatchObject([isOver]);
    expect(await gauge()).toBe('0');
  } finally {
    const before = Date.now();
    server.child.kill('SIGTERM');
    await server.ended;
    expect(Date.now() - before).toBeLessThan(10_000);
  }
}, 170_000);
