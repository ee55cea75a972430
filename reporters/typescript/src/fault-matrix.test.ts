import { describe, expect, it } from 'vitest';
import type { Reporter } from './api.ts';
import type { ReporterOptions } from './options.ts';
import { createReporter } from './reporter.ts';
import type { Fault } from './testing/fake-ingest.ts';
import { filesIn, makeFolder } from './testing/folders.ts';
import { LiveIngest } from './testing/live-ingest.ts';
import { range, until } from './testing/make-reporter.ts';

// `waitScale` shortens the reporter's waits; requests and faults take their real time.
const makeLiveReporter = (url: string, options: Partial<ReporterOptions> = {}, waitScale = 0.005): Reporter =>
  createReporter({
    url,
    run_id: 'run-1',
    apiKey: 'k-0123456789',
    name: 'faults',
    requestTimeoutMs: 5_000,
    onProblem: () => {},
    clock: {
      now: Date.now,
      schedule: (run, ms) => {
        const timer = setTimeout(run, ms * waitScale);
        return () => clearTimeout(timer);
      },
    },
    ...options,
  });

const faults: [string, Fault][] = [
  ['a connection that breaks', 'down'],
  ['a server that never answers', 'silent'],
  ['a slow server', 'slow'],
  ['a lost answer after the commit', 'lost answer'],
  ['an answer that is not ours', 'garbage'],
  ['HTTP 500', { status: 500 }],
  ['HTTP 429', { status: 429, retryAfter: '1' }],
  ['HTTP 503', { status: 503 }],
  ['HTTP 401', { status: 401 }],
  ['HTTP 404', { status: 404 }],
];

const moments: Record<string, (request: number) => boolean> = {
  'at the start': (request) => request < 2,
  'in the middle': (request) => request === 2,
  'every third time': (request) => request % 3 === 1 && request < 9,
};

describe.each(['on disk', 'in memory'])('over real sockets, with events %s', (place) => {
  const makeSpoolDir = () => (place === 'on disk' ? makeFolder() : false);

  describe.each(faults)('%s', (_, fault) => {
    it.each(Object.keys(moments))('[R4] loses and doubles nothing: %s', async (when) => {
      const ingest = await LiveIngest.start();
      ingest.fault = () => (moments[when]?.(ingest.requests.length - 1) ? fault : null);
      const reporter = makeLiveReporter(ingest.url, { spoolDir: makeSpoolDir() });
      for (const part of range(5)) {
        for (const step of range(200, part * 200)) reporter.metric('loss', step / 7, { step });
        await until(() => ingest.requests.length > part);
      }
      await until(() => reporter.stats().queued === 0);
      expect(ingest.steps).toEqual(range(1_000));
      expect(ingest.changed).toEqual([]);
      expect(reporter.stats()).toMatchObject({ acknowledged: 1_001, dropped: 0, rejected: 0 });
      await reporter.close();
    });
  });

  it('[R8] waits for a server that starts later, and for one that restarts', async () => {
    const ingest = await LiveIngest.start();
    await ingest.stop();
    const reporter = makeLiveReporter(ingest.url, { spoolDir: makeSpoolDir() });
    reporter.metric('loss', 1, { step: 0 });
    await until(() => reporter.stats().lastError !== null);
    for (const step of range(3, 1)) {
      await ingest.start();
      reporter.metric('loss', 1, { step });
      await until(() => reporter.stats().queued === 0);
      await ingest.stop();
    }
    expect(ingest.steps).toEqual(range(4));
    await reporter.close({ timeoutMs: 0 });
  });

  it.each<Fault>(['down', 'silent', 'garbage', { status: 401 }, { status: 503 }])(
    '[R14] closes in time whatever the server does: %o',
    async (fault) => {
      const ingest = await LiveIngest.start();
      ingest.fault = () => fault;
      const spoolDir = makeSpoolDir();
      const reporter = makeLiveReporter(ingest.url, { spoolDir }, 1);
      reporter.metric('loss', 1, { step: 1 });
      const startedAt = performance.now();
      const stats = await reporter.close();
      expect(performance.now() - startedAt).toBeLessThan(30_000);
      expect(stats).toMatchObject(spoolDir ? { queued: 2, dropped: 0 } : { queued: 0, dropped: 2 });
    },
  );
});

describe('the end of one reporter and the start of the next', () => {
  it('[R14] a server that is down at the end gets the rest from the next', async () => {
    const ingest = await LiveIngest.start();
    const spoolDir = makeFolder();
    const first = makeLiveReporter(ingest.url, { spoolDir });
    for (const step of [1, 2]) first.metric('loss', 1, { step });
    await until(() => first.stats().queued === 0);
    await ingest.stop();
    for (const step of [3, 4]) first.metric('loss', 1, { step });
    expect(await first.close({ timeoutMs: 30 })).toMatchObject({ queued: 2, dropped: 0 });
    await ingest.start();
    const second = makeLiveReporter(ingest.url, { spoolDir });
    second.metric('loss', 1, { step: 5 });
    await until(() => ingest.steps.length === 5);
    expect(ingest.steps).toEqual([1, 2, 3, 4, 5]);
    await until(() => second.stats().queued === 0);
    await second.close();
    expect(filesIn(spoolDir)).toEqual([]);
  });

  it.each(['http://127.0.0.1:9', 'http://192.0.2.1:8000', 'http://no-such-host.invalid:8000'])(
    '[R14] closes in time without a server: %s',
    async (url) => {
      const reporter = makeLiveReporter(url, { spoolDir: makeFolder() }, 1);
      const startedAt = performance.now();
      expect(await reporter.close()).toMatchObject({ queued: 1, dropped: 0 });
      expect(performance.now() - startedAt).toBeLessThan(30_000);
    },
  );

  it('[R8] a connection that was closed while nothing was said is no trouble', async () => {
    const ingest = await LiveIngest.start();
    const problems: unknown[] = [];
    const reporter = makeLiveReporter(ingest.url, { spoolDir: false, onProblem: (problem) => problems.push(problem) });
    for (const step of range(20)) {
      reporter.metric('loss', 1, { step });
      await until(() => reporter.stats().queued === 0);
      ingest.hangUp();
    }
    expect([ingest.steps, problems]).toEqual([range(20), []]);
    await reporter.close();
  });

  it('[R5] an event by way of the disk does not wait for the next attempt', async () => {
    const ingest = await LiveIngest.start();
    const reporter = makeLiveReporter(ingest.url, { spoolDir: makeFolder() }, 1);
    await until(() => ingest.facts.length === 1);
    const tookMs: number[] = [];
    for (const step of range(10)) {
      const saidAt = performance.now();
      reporter.metric('loss', 1, { step });
      await until(() => ingest.steps.length > step);
      tookMs.push(performance.now() - saidAt);
    }
    expect(tookMs.sort((a, b) => a - b)[5]).toBeLessThan(5_000);
    await reporter.close();
  });
});
