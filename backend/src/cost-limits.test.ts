import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { openTestDatabase } from '../testing/database.ts';
import { type Ask, makeWorld, RequestInMemory } from '../testing/exchanges.ts';
import { makeRun } from '../testing/facts.ts';
import { theServerItself } from './auth/audit.ts';
import type { Database } from './db/database.ts';
import { type KeyLimits, KeyUsage, noKeyLimits } from './ingest/key-usage.ts';

let database: Database;
const apps: TestApp[] = [];
beforeAll(async () => {
  database = await openTestDatabase();
}, 120_000);
afterEach(async () => {
  for (const { app, dataDir } of apps.splice(0)) {
    await app.close();
    await rm(dataDir, { recursive: true });
  }
});
afterAll(() => database.close());

/** One of several servers of one database. */
async function open(limits: Partial<KeyLimits>, more: Parameters<typeof openTestApp>[0] = {}) {
  const app = await openTestApp({ database, keyLimits: { ...noKeyLimits, ...limits }, ...more });
  apps.push(app);
  return app;
}

let last = 0;
const fresh = (count: number): string[] => Array.from({ length: count }, () => `run-${++last}`);
const named = (name: string) => ({
  type: 'run_started',
  run_id: name,
  at: new Date().toISOString(),
  name,
  framework: 'f',
});
const runs = (...names: string[]) => names.map(named);

describe('[H3] [B8] a batch', () => {
  it('about more runs than KEY_RUNS_PER_BATCH is 413, keeps nothing, and is stored in halves', async () => {
    const app = await open({ runsPerBatch: 2 });
    const reporter = await app.makeReporter();
    const [a, b, c] = fresh(3) as [string, string, string];
    const refused = await reporter.post(runs(a, b, c));
    expect(refused.statusCode).toBe(413);
    expect(refused.json().detail).toMatch(/3 runs.*at most 2.*KEY_RUNS_PER_BATCH.*smaller batches/);
    expect(await reporter.report(runs(a, b))).toMatchObject({ accepted: 2 });
    expect(await reporter.report(runs(c))).toMatchObject({ accepted: 1 });
  });

  it('of more bytes than KEY_BYTES_PER_BATCH is 413', async () => {
    const app = await open({ bytesPerBatch: 1_000 });
    const reporter = await app.makeReporter();
    const [a] = fresh(1) as [string];
    expect((await reporter.post(runs(a))).statusCode).toBe(200);
    const refused = await reporter.post([{ ...named(a), notes: 'x'.repeat(1_000) }]);
    expect(refused.statusCode).toBe(413);
    expect(refused.json().detail).toContain('KEY_BYTES_PER_BATCH');
  });
});

describe('[H2] [H3] [B8] the day of an API key', () => {
  it('has room for KEY_RUNS_PER_DAY: then 429 until the next day, while its runs go on', async () => {
    const app = await open({ runsPerDay: 2 });
    const [one, other] = [await app.makeReporter(), await app.makeReporter()];
    const [a, b, c, d] = fresh(4) as [string, string, string, string];
    await one.report(runs(a, b));
    // In one transaction with a batch of another key, which is stored.
    const [refused, stored] = await Promise.all([one.post(runs(b, c)), other.post(runs(d))]);
    expect([refused.statusCode, stored.statusCode]).toEqual([429, 200]);
    expect(refused.json().detail).toMatch(/created 2 runs today, and 1 more.*2 of a day \(KEY_RUNS_PER_DAY\)/);
    const leftS = (86_400_000 - (Date.now() % 86_400_000)) / 1_000;
    expect(Math.abs(Number(refused.headers['retry-after']) - leftS)).toBeLessThan(600);
    expect(
      await one.report([{ type: 'log', run_id: a, at: new Date().toISOString(), level: 'info', message: 'x' }]),
    ).toMatchObject({ accepted: 1 });
    const { headers } = await app.signIn('admin');
    expect((await app.ask('GET', `/api/runs/${c}`, headers)).statusCode).toBe(404);
  });

  it('has room for KEY_BYTES_PER_DAY, by all servers and after a restart; a repeated batch costs nothing', async () => {
    const [run] = fresh(1) as [string];
    const first = await open({ bytesPerDay: 1_000 });
    const { headers } = await first.makeReporter();
    const say = (app: TestApp, batch: number, size: number) => {
      const events = [{ ...named(run), tags: ['x'.repeat(100)] }];
      const body = { reporter_id: 'r', batch, events, filler: 'x'.repeat(size) };
      return app.ask('POST', '/api/ingest', headers, body);
    };
    expect((await say(first, 1, 400)).statusCode).toBe(200);
    for (let n = 0; n < 3; n++) expect((await say(first, 1, 50)).json()).toMatchObject({ duplicates: 1 });
    const refused = await say(await open({ bytesPerDay: 1_000 }), 2, 400);
    expect(refused.statusCode).toBe(429);
    expect(refused.json().detail).toContain('KEY_BYTES_PER_DAY');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('counts what is under way, so that requests at once do not pass together', async () => {
    const app = await open({ bytesPerDay: 1_000 });
    const { headers } = await app.makeReporter();
    const answers = await Promise.all(
      [1, 2, 3, 4].map((batch) =>
        app.ask('POST', '/api/ingest', headers, { reporter_id: 'r', batch, events: [], filler: 'x'.repeat(550) }),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 429, 429, 429]);
  });

  it('begins again at midnight, UTC', async () => {
    const { db } = database;
    let now = new Date('2026-01-31T23:59:00Z');
    const usage = new KeyUsage(db, { ...noKeyLimits, bytesPerDay: 10 }, () => now);
    (await usage.add(db, new Map([['a key', { runs: 0, bytes: 10, upload_bytes: 0 }]])))();
    await expect(usage.admit('a key', { bytes: 1 })).rejects.toMatchObject({ status: 429, retryAfterS: 60 });
    (await usage.admit('another key', { bytes: 10 }))();
    now = new Date('2026-02-01T00:00:00Z');
    (await usage.admit('a key', { bytes: 10 }))();
  });

  it('has room for KEY_UPLOAD_BYTES_PER_DAY of checkpoints, by PUT and by tus', async () => {
    const app = await open({ uploadBytesPerDay: 10 });
    const world = await makeWorld(app);
    const [run] = fresh(1) as [string];
    const put = (version: string, content: string) =>
      ask(app, 'PUT', `/api/models/${version}`, world.upload(run, version, content));
    expect((await put('one', '12345678')).statusCode).toBe(201);
    for (const answer of [
      await put('two', 'abc'),
      await ask(app, 'POST', '/api/uploads', world.creation(run, 'two', 'abc')),
    ]) {
      expect(answer.statusCode).toBe(429);
      expect(answer.json().detail).toMatch(/stored 8 bytes of checkpoints today.*KEY_UPLOAD_BYTES_PER_DAY/);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect((await put('three', 'ab')).statusCode).toBe(201);

    function ask(at: TestApp, method: 'PUT' | 'POST', url: string, { query, headers, body }: Ask) {
      const payload = body === undefined ? {} : { payload: body as string };
      const all = { ...world.reporter.headers, ...headers };
      return at.app.inject({ method, url, query: query ?? {}, headers: all, ...payload, Request: RequestInMemory });
    }
  });
});

it('[H2] [B9] a run takes MAX_METRIC_NAMES_PER_RUN names: more are rejected by index, also after a restart', async () => {
  const app = await open({}, { maxMetricNamesPerRun: 3 });
  const reporter = await app.makeReporter();
  const run = makeRun();
  const point = (name: string, step = 1) => run.say('metric', { name, step, value: 1 });
  const answer = await reporter.report(['a', 'b', 'c', 'd', 'a', 'b'].map((name, step) => point(name, step)));
  expect(answer).toMatchObject({ accepted: 5, rejected: [{ index: 3 }] });
  expect(answer.rejected[0]?.detail).toContain('3 metric names and takes at most 3 (MAX_METRIC_NAMES_PER_RUN)');
  const restarted = await open({}, { maxMetricNamesPerRun: 3 });
  const events = [point('e'), point('c', 9), run.say('privacy_spent', { epsilon: 1, delta: 0 })];
  const body = { reporter_id: 'r', batch: 1, events };
  expect((await restarted.ask('POST', '/api/ingest', reporter.headers, body)).json()).toMatchObject({
    accepted: 1,
    rejected: [{ index: 0 }, { index: 2 }],
  });
});

describe('[M1] [B10] the uploads of one API key', () => {
  async function makeUploads(settings: Record<string, number> = {}) {
    const dataDir = await mkdtemp(join(tmpdir(), 'rondo-test-data-'));
    const limited = await open({}, { models: { dataDir, maxBytes: 1_000, maxUploadsPerKey: 2, ...settings } });
    const [run] = fresh(1) as [string];
    const world = await makeWorld(limited);
    const aKey = async () => {
      const made = await limited.auth.apiKeys.create(theServerItself, { name: 'a key', scopes: ['models'] });
      return { id: made.id, headers: { authorization: `Bearer ${made.key}` } };
    };
    const begin = (headers: Record<string, string>, length = 4) => {
      const { headers: said } = world.creation(run, `v-${randomUUID()}`, 'abcd');
      const all = { ...headers, ...said, 'upload-length': String(length) };
      return limited.app.inject({ method: 'POST', url: '/api/uploads', headers: all, Request: RequestInMemory });
    };
    const head = (headers: Record<string, string>, location: unknown) =>
      limited.app.inject({
        method: 'HEAD',
        url: String(location),
        headers: { ...headers, ...world.tus },
        Request: RequestInMemory,
      });
    return { limited, dataDir, aKey, begin, head };
  }

  it('are at most KEY_UPLOADS_AT_ONCE, so that others have places', async () => {
    const { aKey, begin } = await makeUploads();
    const [one, other] = [await aKey(), await aKey()];
    for (let n = 0; n < 2; n++) expect((await begin(one.headers)).statusCode).toBe(201);
    const refused = await begin(one.headers);
    expect(refused.statusCode).toBe(429);
    expect(refused.json().detail).toMatch(/2 uploads under way.*KEY_UPLOADS_AT_ONCE.*finish or cancel one/);
    expect(refused.headers['retry-after']).toBe('30');
    expect((await begin(other.headers)).statusCode).toBe(201);
  });

  it('promise at most half of the room', async () => {
    const { aKey, begin } = await makeUploads({ maxUploadsPerKey: 60 });
    const [one, other] = [await aKey(), await aKey()];
    for (let n = 0; n < 2; n++) expect((await begin(one.headers, 1_000)).statusCode).toBe(201);
    expect((await begin(one.headers, 1)).statusCode).toBe(429);
    expect((await begin(other.headers, 1_000)).statusCode).toBe(201);
  });

  it('end when the key is revoked', async () => {
    const { limited, dataDir, aKey, begin, head } = await makeUploads();
    const [one, other] = [await aKey(), await aKey()];
    const { location } = (await begin(one.headers)).headers;
    const id = String(location).split('/').at(-1) ?? '';
    const kept = (await begin(other.headers)).headers.location;
    await limited.auth.apiKeys.revoke(theServerItself, one.id);
    await expect.poll(() => isThere(join(dataDir, 'uploads', id)), { timeout: 30_000 }).toBe(false);
    expect((await head(other.headers, kept)).statusCode).toBe(200);
  });

  it('that make no progress for ten minutes give their places to others', async () => {
    const { dataDir, aKey, begin, head } = await makeUploads();
    const { headers } = await aKey();
    const [idle, active] = [(await begin(headers)).headers.location, (await begin(headers)).headers.location];
    const longAgo = new Date(Date.now() - 11 * 60_000);
    await utimes(join(dataDir, 'uploads', String(idle).split('/').at(-1) ?? ''), longAgo, longAgo);
    expect((await begin(headers)).statusCode).toBe(201);
    expect((await head(headers, idle)).statusCode).toBe(404);
    expect((await head(headers, active)).statusCode).toBe(200);
  });
});

const isThere = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
