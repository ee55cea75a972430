import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from './clock.ts';
import { createHttp } from './http.ts';
import { Uploads } from './models.ts';
import { createReporter } from './reporter.ts';
import { FakeTus } from './testing/fake-tus.ts';
import { makeFolder } from './testing/folders.ts';
import { until } from './testing/make-reporter.ts';
import { encodeMetadata } from './tus.ts';

function makeUploads(url: string, partBytes = 100_000, now = systemClock.now) {
  const problems: string[] = [];
  const uploads = new Uploads({
    http: createHttp(url),
    headers: { authorization: 'Bearer key-for-tests' },
    run_id: 'run-1',
    clock: { now, schedule: (run, ms, hold) => systemClock.schedule(run, ms / 50, hold) },
    random: () => 0.5,
    partBytes,
    report: (code, message) => problems.push(`${code}: ${message}`),
  });
  onTestFinished(() => uploads.close(0));
  return { uploads, problems };
}

it('[R28] a file arrives with its digest and its metadata', async () => {
  const server = await FakeTus.start();
  const content = randomBytes(3_000_000);
  const path = join(makeFolder(), 'model');
  writeFileSync(path, content);
  const { uploads } = makeUploads(server.url, 8 * 1024 * 1024);
  const upload = uploads.add('größe 1', path, { round: 3, parent: 'v0' });
  expect(await upload.done).toBe(true);
  expect(server.models.get('größe 1')?.equals(content)).toBe(true);
  const sha256 = createHash('sha256').update(content).digest('hex');
  expect(upload).toMatchObject({ state: 'done', sha256, detail: null });
  expect(server.created).toEqual([
    { version: 'größe 1', run_id: 'run-1', round: '3', format: 'safetensors', parent: 'v0', sha256 },
  ]);
});

it('[R28] goes on where the server says after a lost connection', async () => {
  const server = await FakeTus.start();
  const content = randomBytes(1_000_000);
  const faults = [null, 'break', null, 'lost answer', 500, null, 503] as const;
  server.fault = (method, count) => (method === 'PATCH' ? (faults[count] ?? null) : null);
  const { uploads, problems } = makeUploads(server.url, 200_000);
  expect(await uploads.add('v1', content).done).toBe(true);
  expect(server.models.get('v1')?.equals(content)).toBe(true);
  expect(server.created).toHaveLength(1);
  expect(server.count('HEAD')).toBeGreaterThanOrEqual(4);
  expect(problems.every((problem) => problem.startsWith('unreachable'))).toBe(true);
});

it('[R28] begins again when the server has forgotten it', async () => {
  const server = await FakeTus.start();
  const content = randomBytes(500_000);
  server.fault = (method, count) => {
    if (method === 'PATCH' && count === 3) server.forgetUploads();
    return null;
  };
  const { uploads } = makeUploads(server.url);
  expect(await uploads.add('v1', content).done).toBe(true);
  expect([server.models.get('v1')?.equals(content), server.created.length]).toEqual([true, 2]);
});

it('[R28] a file that changes during the upload is not sent as something else', async () => {
  const server = await FakeTus.start();
  const path = join(makeFolder(), 'model');
  writeFileSync(path, 'a'.repeat(500_000));
  server.fault = (method, count) => {
    if (method === 'PATCH' && count === 2) writeFileSync(path, 'b'.repeat(500_000));
    return null;
  };
  const { uploads } = makeUploads(server.url);
  const upload = uploads.add('v1', path);
  expect(await upload.done).toBe(false);
  expect(upload.detail).toBe('the file changed while it was uploaded');
  expect([server.models.size, server.requests.at(-1)]).toEqual([0, 'DELETE']);
});

it.each([409, 422])('[R28] HTTP %d is reported and final', async (status) => {
  const server = await FakeTus.start();
  server.fault = (method) => (method === 'POST' ? status : null);
  const { uploads, problems } = makeUploads(server.url);
  const upload = uploads.add('v1', Buffer.from('model'));
  expect(await upload.done).toBe(false);
  expect(upload.detail).toContain(`HTTP ${status}`);
  expect([problems.length, problems[0]?.startsWith('upload_failed')]).toEqual([1, true]);
  expect(server.requests).toEqual(['POST']);
});

it('[R28] a wrong key is reported once, and tried again', async () => {
  const server = await FakeTus.start();
  server.fault = (_, count) => (count <= 2 ? 403 : null);
  const { uploads, problems } = makeUploads(server.url);
  expect(await uploads.add('v1', Buffer.from('model')).done).toBe(true);
  expect(new Set(problems)).toEqual(new Set([expect.stringContaining('the key may send models')]));
});

it('[R28] an empty model is one', async () => {
  const server = await FakeTus.start();
  const { uploads } = makeUploads(server.url);
  expect(await uploads.add('v1', new Uint8Array()).done).toBe(true);
  expect(server.requests).toEqual(['POST']);
});

it('[R28] a missing file is reported, not thrown, and the next upload continues', async () => {
  const server = await FakeTus.start();
  const { uploads, problems } = makeUploads(server.url);
  const bad = [join(makeFolder(), 'nothing'), {} as never, null as never].map((source) => uploads.add('v1', source));
  expect(await Promise.all(bad.map(({ done }) => done))).toEqual([false, false, false]);
  expect(problems.map((problem) => problem.split(':')[0])).toEqual(Array(3).fill('upload_failed'));
  expect(await uploads.add('v2', Buffer.from('model')).done).toBe(true);
});

it('[R28] closing waits while bytes move', async () => {
  const server = await FakeTus.start();
  // Each request takes a tenth of what may pass without progress, however busy this machine is.
  let nowMs = 0;
  server.fault = () => {
    nowMs += 10;
    return null;
  };
  const { uploads } = makeUploads(server.url, 1_000, () => nowMs);
  const upload = uploads.add('v1', randomBytes(50_000));
  await uploads.close(100);
  expect(upload.state).toBe('done');
  expect(nowMs).toBeGreaterThan(500);
});

it.each(['down', 'silent'])('[R14] closing does not wait for a server that is %s', async (kind) => {
  const server = await FakeTus.start();
  server.fault = () => 'silent';
  const url = kind === 'down' ? 'http://127.0.0.1:9' : server.url;
  const reporter = createReporter({ name: 'x', url, apiKey: 'k', onProblem: () => {} });
  const upload = reporter.saveModel('v1', Buffer.from('model'));
  const startedAt = performance.now();
  await reporter.close();
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  expect(upload).toMatchObject({ state: 'failed', detail: 'the reporter closed before it was uploaded' });
  expect(reporter.saveModel('v2', Buffer.from('model'))).toMatchObject({ state: 'failed' });
});

it('[R1] saving takes no time, and hashing lets others have their turn', async () => {
  const server = await FakeTus.start();
  server.fault = () => 'silent';
  const { uploads } = makeUploads(server.url);
  const content = new Uint8Array(128 * 1024 * 1024);
  const startedAt = performance.now();
  const upload = uploads.add('v1', content);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  let ticks = 0;
  await until(() => {
    ticks++;
    return upload.sha256 !== null;
  });
  expect(ticks).toBeGreaterThan(100);
});

it('[R28] metadata is text of any kind', () => {
  expect(encodeMetadata({ version: 'größe 1' })).toBe(`version ${Buffer.from('größe 1').toString('base64')}`);
});

it.each([false, true])(
  '[R28] smaller parts where a proxy bounds bodies (mlflow#10332); without an answer: %s',
  async (isMute) => {
    const server = await FakeTus.start();
    Object.assign(server, { maxPart: 300_000, isMute });
    const content = randomBytes(3_000_000);
    const { uploads } = makeUploads(server.url, 2_000_000);
    const upload = uploads.add('v1', content);
    expect([await upload.done, upload.detail]).toEqual([true, null]);
    expect(server.models.get('v1')?.equals(content)).toBe(true);
    server.sizes.length = 0;
    // The next model begins with what passed.
    expect(await uploads.add('v2', content).done).toBe(true);
    expect(Math.max(...server.sizes)).toBe(250_000);
  },
);

it('[R28] a bound that lets nothing pass is named (mlflow#10332)', async () => {
  const server = await FakeTus.start();
  server.maxPart = 1_000;
  const { uploads } = makeUploads(server.url, 200_000);
  const upload = uploads.add('v1', randomBytes(500_000));
  expect(await upload.done).toBe(false);
  expect(upload.detail).toMatch(/HTTP 413 for a part of 65536 bytes.*client_max_body_size/);
  expect(server.sizes.at(-1)).toBe(65_536);
});

it('[R28] the address may have a path', async () => {
  const server = await FakeTus.start();
  server.prefix = '/rondo';
  const { uploads } = makeUploads(`${server.url}/rondo/`);
  const upload = uploads.add('v1', randomBytes(250_000));
  expect([await upload.done, upload.detail]).toEqual([true, null]);
});
