import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Upload } from 'tus-js-client';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { filesUnder } from '../testing/checkpoints.ts';
import { openCuttingProxy } from '../testing/cutting-proxy.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { startProcess } from '../testing/process.ts';

const MiB = 1024 * 1024;
const password = 'correct horse battery';
const children = new Set<ChildProcess>();

let folder: string;
let dataDir: string;
let postgres: PostgresServer | undefined;
let DATABASE_URL: string;
beforeAll(async () => {
  postgres = await startPostgres();
  DATABASE_URL = await postgres.createDatabase('uploads');
  folder = await mkdtemp(join(tmpdir(), 'rondo-test-'));
  dataDir = join(folder, 'data');
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
});
afterAll(async () => {
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start() {
  const settings = { TMPDIR: folder, DATA_DIR: dataDir, DATABASE_URL, ADMIN_PASSWORD: password };
  const server = startProcess(settings, ['--local']);
  children.add(server.child);
  void server.ended.then(() => children.delete(server.child));
  const url = await server.url;
  const key = (await readFile(join(dataDir, 'demo.key'), 'utf8')).trim();
  return { ...server, url, headers: { authorization: `Bearer ${key}` } };
}

/** Noise, with its digest. */
async function aFile(name: string, mebibytes: number) {
  const path = join(folder, name);
  const handle = await open(path, 'w');
  const hash = createHash('sha256');
  const piece = randomBytes(MiB);
  for (let n = 0; n < mebibytes; n++) {
    piece.writeUInt32LE(n);
    hash.update(piece);
    await handle.write(piece);
  }
  await handle.close();
  return { path, sha256: hash.digest('hex') };
}

type File = Awaited<ReturnType<typeof aFile>>;

async function sendInPieces(url: string, headers: Record<string, string>, file: File, more: object = {}) {
  const metadata = { version: `of-${file.sha256}`, run_id: 'uploads', round: '3', sha256: file.sha256 };
  await new Promise<void>((resolve, reject) => {
    const upload = new Upload(createReadStream(file.path) as never, {
      endpoint: `${url}/api/uploads`,
      headers,
      metadata,
      retryDelays: Array.from({ length: 20 }, () => 20),
      onSuccess: () => resolve(),
      onError: reject,
      ...more,
    });
    upload.start();
  });
  return metadata.version;
}

async function signIn(url: string) {
  const answer = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password }),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  return { authorization: `Bearer ${access_token}` };
}

async function digestOfDownload(url: string, version: string): Promise<string> {
  const answer = await fetch(`${url}/api/models/${version}/download`, { headers: await signIn(url) });
  const hash = createHash('sha256');
  for await (const piece of answer.body as ReadableStream<Uint8Array>) hash.update(piece);
  return hash.digest('hex');
}

const residentMiB = (child: ChildProcess) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;

it('[K2] 200 MB over a line that is cut ten times arrive byte for byte, in little memory', async () => {
  const file = await aFile('large', 200);
  const { child, url, headers } = await start();
  // The first of everything: what is loaded once does not count.
  await sendInPieces(url, headers, await aFile('first', 1));
  const before = residentMiB(child);
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, residentMiB(child));
  }, 20);
  const proxy = await openCuttingProxy(url, { everyBytes: 18 * MiB, times: 10 });
  const version = await sendInPieces(proxy.url, headers, file);
  expect(proxy.cuts()).toBe(10);
  expect(await digestOfDownload(url, version)).toBe(file.sha256);
  clearInterval(watch);
  await proxy.close();
  // A process that is short of CPU collects its garbage later; all of the file would be 200.
  expect(most - before).toBeLessThan(150);
  expect(most).toBeLessThan(350);
}, 240_000);

it('[K2] a kill -9 in the middle leaves a part with which the upload goes on', async () => {
  const file = await aFile('interrupted', 24);
  const first = await start();
  let place = '';
  const interrupted = sendInPieces(first.url, first.headers, file, {
    chunkSize: 8 * MiB,
    retryDelays: null,
    onAfterResponse: (_request: unknown, response: { getHeader(name: string): string | undefined }) => {
      place ||= response.getHeader('Location') ?? '';
    },
    onChunkComplete: (_size: number, accepted: number) => {
      if (accepted === 8 * MiB) first.child.kill('SIGKILL');
    },
  });
  await expect(interrupted).rejects.toThrow();
  await first.ended;

  const second = await start();
  const path = new URL(place, first.url).pathname;
  const head = await fetch(`${second.url}${path}`, {
    method: 'HEAD',
    headers: { ...second.headers, 'tus-resumable': '1.0.0' },
  });
  expect(Number(head.headers.get('upload-offset'))).toBeGreaterThanOrEqual(8 * MiB);
  const version = await sendInPieces(second.url, second.headers, file, { uploadUrl: `${second.url}${path}` });
  expect(await digestOfDownload(second.url, version)).toBe(file.sha256);
}, 240_000);

it('[K2] a kill -9 in the middle of a PUT leaves no version', async () => {
  const file = await aFile('put', 24);
  const first = await start();
  const bytes = await readFile(file.path);
  const put = (url: string, headers: Record<string, string>, body: RequestInit['body']) =>
    fetch(`${url}/api/models/put?run_id=uploads`, {
      method: 'PUT',
      headers: {
        ...headers,
        'content-type': 'application/octet-stream',
        'content-length': String(bytes.length),
        'x-content-sha256': file.sha256,
      },
      body,
      duplex: 'half',
    } as RequestInit);
  const slowly = async function* () {
    yield bytes.subarray(0, 8 * MiB);
    await vi.waitUntil(async () => (await staged()).length > 0);
    first.child.kill('SIGKILL');
    yield bytes.subarray(8 * MiB);
  };
  await expect(put(first.url, first.headers, slowly() as unknown as RequestInit['body'])).rejects.toThrow();
  await first.ended;

  const second = await start();
  const missing = await fetch(`${second.url}/api/models/put`, { headers: await signIn(second.url) });
  expect(missing.status).toBe(404);
  expect((await put(second.url, second.headers, bytes)).status).toBe(201);
  expect(await digestOfDownload(second.url, 'put')).toBe(file.sha256);
}, 240_000);

const staged = async () => (await filesUnder(join(dataDir, 'uploads'))).filter((name) => name.startsWith('put-'));
