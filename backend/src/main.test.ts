import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IngestAnswer } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeRun } from '../testing/facts.ts';
import { startProcess } from '../testing/process.ts';

const password = 'correct horse battery';
const children = new Set<ChildProcess>();

// One folder for all: making a database costs seconds.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rondo-test-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Started like `npm start`. The folder is deleted with anything that a killed server left in it. */
function start(settings: Record<string, string> = {}) {
  const own = { TMPDIR: folder, DATA_DIR: join(folder, 'data'), ADMIN_PASSWORD: password };
  const server = startProcess({ ...own, ...settings }, ['--local']);
  children.add(server.child);
  void server.ended.then(() => children.delete(server.child));
  return server;
}

const keyOf = async () => (await readFile(join(folder, 'data', 'demo.key'), 'utf8')).trim();

async function report(url: string, key: string, batch: number, events: readonly unknown[]): Promise<IngestAnswer> {
  const answer = await fetch(`${url}/api/ingest`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ reporter_id: 'main.test', batch, events }),
  });
  if (!answer.ok) throw new Error(`ingest answered ${answer.status}`);
  return (await answer.json()) as IngestAnswer;
}

async function stepsOf(url: string, runId: string): Promise<number[]> {
  const login = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password }),
  });
  const { access_token } = (await login.json()) as { access_token: string };
  const path = `/api/metrics/series?run_id=${runId}&name=loss&max_points=20000`;
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${access_token}` } });
  return ((await answer.json()) as { step: number[] }).step;
}

/** Reports from several connections until the server is gone; answers the batches that were acknowledged. */
async function reportUntilItEnds(url: string, firstBatch: number, onAcknowledged: (count: number) => void) {
  const run = makeRun();
  const key = await keyOf();
  const acknowledged: number[] = [];
  let batch = firstBatch;
  const reporter = async () => {
    for (;;) {
      const step = batch++;
      const answer = await report(url, key, step, [run.say('metric', { name: 'loss', value: step, step })]).catch(
        () => null,
      );
      if (!answer) return;
      acknowledged.push(step);
      onAcknowledged(acknowledged.length);
    }
  };
  await Promise.all(Array.from({ length: 4 }, reporter));
  return { run, acknowledged };
}

it('a kill -9 costs nothing that was acknowledged, and the batch numbers are still taken', async () => {
  const first = start();
  const { run, acknowledged } = await reportUntilItEnds(await first.url, 1, (count) => {
    if (count === 100) first.child.kill('SIGKILL');
  });
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
  expect(acknowledged.length).toBeGreaterThanOrEqual(100);

  const second = start();
  const url = await second.url;
  const stored = new Set(await stepsOf(url, run.id));
  expect(acknowledged.filter((step) => !stored.has(step))).toEqual([]);
  const step = acknowledged.at(-1) ?? 0;
  const again = await report(url, await keyOf(), step, [run.say('metric', { name: 'other', value: 1, step })]);
  expect(again).toMatchObject({ accepted: 0, duplicates: 1 });
  second.child.kill('SIGTERM');
  expect(await second.ended).toMatchObject({ code: 0 });
}, 240_000);

it('SIGTERM drains what was acknowledged, closes the database and exits with 0', async () => {
  const first = start();
  const { run, acknowledged } = await reportUntilItEnds(await first.url, 1_000_000, (count) => {
    if (count === 50) first.child.kill('SIGTERM');
  });
  const end = await first.ended;
  expect([end.code, end.signal]).toEqual([0, null]);
  const second = start();
  const stored = new Set(await stepsOf(await second.url, run.id));
  expect(acknowledged.filter((step) => !stored.has(step))).toEqual([]);
  second.child.kill('SIGINT');
  expect(await second.ended).toMatchObject({ code: 0 });
}, 240_000);

it('[security L8] makes no key for a demo with --no-demo', async () => {
  const place = join(folder, 'without-demo');
  const { url, ...server } = startProcess({ TMPDIR: folder, DATA_DIR: place, ADMIN_PASSWORD: password }, [
    '--local',
    '--no-demo',
  ]);
  children.add(server.child);
  expect((await fetch(`${await url}/api/health`)).status).toBe(200);
  expect(await readdir(place)).not.toContain('demo.key');
  server.child.kill('SIGTERM');
  await server.ended;
  children.delete(server.child);
});

it('ends by itself when the `npm start` that it belongs to is killed', async () => {
  const env = {
    PATH: process.env.PATH ?? '',
    TMPDIR: folder,
    DATA_DIR: join(folder, 'data'),
    PORT: '0',
    LOG_LEVEL: 'error',
  };
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = fork(main, ['--local'], {
    env,
    execPath: process.execPath,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.add(child);
  await once(child, 'message');
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
  children.delete(child);
}, 240_000);

it('says that its data folder is in use and exits with 1, and the server that uses it goes on', async () => {
  const first = start();
  const url = await first.url;
  const end = await start().ended;
  expect(end.code).toBe(1);
  expect(end.said).toMatch(/another Rondo server is using .*set DATA_DIR/s);
  expect(end.said).not.toMatch(/\n\s+at /);
  expect((await fetch(`${url}/api/health`)).status).toBe(200);
  first.child.kill('SIGTERM');
  await first.ended;
}, 240_000);

it('says that its port is in use and exits with 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const end = await start({ PORT: String(port) }).ended;
  other.close();
  expect(end.code).toBe(1);
  expect(end.said).toMatch(new RegExp(`EADDRINUSE.*${port}`));
  expect(end.said).not.toMatch(/\n\s+at /);
}, 240_000);

it('reports all mistakes in its settings, none of their values, and exits with 1', async () => {
  const end = await start({ PORT: 'hunter2', SECRET_KEY: 'hunter2' }).ended;
  expect(end.code).toBe(1);
  expect(end.said).toMatch(/PORT.*SECRET_KEY/s);
  expect(end.said).not.toMatch(/hunter2|\n\s+at /);
});

it('says that the database of DATABASE_URL does not answer, without its password, and exits with 1', async () => {
  const end = await start({ DATABASE_URL: 'postgres://rondo:hunter2@127.0.0.1:1/rondo' }).ended;
  expect(end.code).toBe(1);
  expect(end.said).toContain('ECONNREFUSED');
  expect(end.said).not.toMatch(/hunter2|\n\s+at /);
}, 240_000);
