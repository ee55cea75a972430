import { describe, expect, it } from 'vitest';
import { makeReporter, range, until } from './testing/make-reporter.ts';

describe('sending', () => {
  it('[R4] numbers its batches 0, 1, 2 without holes, under one reporter id', async () => {
    const { reporter, server, clock } = makeReporter();
    for (const step of range(3)) {
      reporter.metric('loss', 1, { step });
      await clock.advance(60);
    }
    expect(server.requests.map(({ batch }) => batch)).toEqual([0, 1, 2]);
    expect(new Set(server.requests.map(({ reporter_id }) => reporter_id)).size).toBe(1);
  });

  it('[R4] repeats the same batch number with the same events until it is answered', async () => {
    const { reporter, server, clock } = makeReporter();
    server.failNext('lost answer', 'down', { status: 500 }, 'garbage');
    await clock.advance(60);
    for (const step of range(5)) reporter.metric('loss', 1, { step });
    await clock.advance(30_000);
    const [first, ...others] = server.requests;
    for (const again of others.slice(0, 4)) expect(again).toMatchObject({ batch: 0, events: first?.events });
    expect(server.requests.at(-1)).toMatchObject({ batch: 1 });
    expect(server.types).toEqual(['run_started', ...range(5).map(() => 'metric')]);
    expect(reporter.stats()).toMatchObject({ acknowledged: 6, duplicates: 1, queued: 0 });
  });

  it('[R4] has one request in flight', async () => {
    const { reporter, server, clock } = makeReporter();
    server.fault = () => 'silent';
    await clock.advance(60);
    for (const step of range(20_000)) reporter.metric('loss', 1, { step });
    await clock.advance(5_000);
    expect(server.requests).toHaveLength(1);
  });

  it('[R5] sends what is queued after flushIntervalMs, in one batch', async () => {
    const { reporter, server, clock } = makeReporter({ flushIntervalMs: 80 });
    await clock.advance(70);
    reporter.metric('loss', 1, { step: 1 });
    expect(server.requests).toHaveLength(0);
    await clock.advance(10);
    expect(server.requests.map(({ events }) => events.length)).toEqual([2]);
  });

  it('[R5] sends 5,000 events at once, and a backlog without waiting between', async () => {
    const { reporter, server, clock } = makeReporter();
    for (const step of range(12_000)) reporter.metric('loss', 1, { step });
    await until(async () => {
      await clock.advance(1);
      return server.requests.length === 2;
    });
    expect(server.requests.map(({ events }) => events.length)).toEqual([5_000, 5_000]);
    await clock.advance(50);
    await until(() => server.steps.length === 12_000);
    expect(server.steps).toEqual(range(12_000));
  });

  it('[R5] keeps a batch under half the bytes the server takes', async () => {
    const { reporter, server, clock } = makeReporter();
    for (const step of range(1_000)) reporter.log('info', String(step).padEnd(7_000, 'x'));
    await until(async () => {
      await clock.advance(50);
      return server.facts.length === 1_001;
    });
    expect(server.requests.length).toBe(2);
    for (const { bytes } of server.requests) expect(bytes).toBeLessThan(4.2 * 1024 * 1024);
  });

  it('[R5] asks for commands every second while the run can take them', async () => {
    const { reporter, server, clock } = makeReporter({ commands_supported: ['stop_round'] });
    await clock.advance(5_060);
    expect(server.requests.map(({ events }) => events.length)).toEqual([1, 0, 0, 0, 0, 0]);
    reporter.runComplete({ status: 'complete' });
    await clock.advance(10_000);
    expect(server.requests.length).toBeLessThanOrEqual(7);
  });

  it('[R5] is silent when it has nothing to say and takes no commands', async () => {
    const { server, clock } = makeReporter();
    await clock.advance(60_000);
    expect(server.requests).toHaveLength(1);
  });

  it('[R6] compresses bodies above 1 KB only', async () => {
    const { reporter, server, clock } = makeReporter();
    await clock.advance(60);
    for (const step of range(100)) reporter.metric('loss', 1, { step });
    await clock.advance(60);
    await until(() => server.steps.length === 100);
    expect(server.requests.map(({ headers }) => headers['content-encoding'])).toEqual([undefined, 'gzip']);
  });

  it('[R8] waits longer with each failure, up to 15 s', async () => {
    const { server, clock } = makeReporter({ random: () => 1 });
    const sentAt: number[] = [];
    server.fault = () => {
      sentAt.push(clock.now());
      return 'down';
    };
    await clock.advance(60_000);
    const gaps = sentAt.slice(1).map((ms, index) => ms - (sentAt[index] as number));
    expect(gaps.slice(0, 9)).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]);
  });

  it.each(['3', 'Sat, 31 Jan 2026 12:00:03 GMT'])('[R8] honours Retry-After: %s', async (retryAfter) => {
    const { server, clock } = makeReporter();
    server.failNext({ status: 503, retryAfter });
    await clock.advance(2_900);
    expect(server.requests).toHaveLength(1);
    await clock.advance(200);
    expect(server.requests).toHaveLength(2);
  });

  it('[R8] takes silence for a lost request after 10 s', async () => {
    const { server, clock, problems } = makeReporter();
    server.failNext('silent');
    await clock.advance(10_040);
    expect(server.requests).toHaveLength(1);
    await clock.advance(300);
    expect(server.types).toEqual(['run_started']);
    expect(problems).toMatchObject([{ code: 'unreachable', message: expect.stringContaining('10000 ms') }]);
  });

  it('[R8] reports an outage once, and the next one again', async () => {
    const { reporter, server, clock, problems } = makeReporter();
    server.failNext('down', 'down', 'down');
    await clock.advance(10_000);
    expect(problems).toHaveLength(1);
    server.failNext('down');
    reporter.metric('loss', 1, { step: 1 });
    await clock.advance(10_000);
    expect(problems.map(({ code }) => code)).toEqual(['unreachable', 'unreachable']);
  });

  it('[R8] loses nothing in two hours without a server', async () => {
    const { reporter, server, clock } = makeReporter();
    server.fault = () => 'down';
    for (const step of range(720)) {
      reporter.metric('loss', 1, { step });
      await clock.advance(10_000);
    }
    server.fault = () => null;
    await clock.advance(15_000);
    await until(() => server.steps.length === 720);
    expect(server.steps).toEqual(range(720));
  });

  it.each([401, 403, 404, 302])(
    '[R9] tries again only once a minute after HTTP %d, and says why once',
    async (status) => {
      const { server, clock, problems } = makeReporter();
      server.fault = () => ({ status });
      await clock.advance(180_060);
      expect(server.requests).toHaveLength(4);
      expect(problems).toMatchObject([
        { code: 'misconfigured', message: expect.stringMatching(/RONDO_(API_KEY|URL)/) },
      ]);
      server.fault = () => null;
      await clock.advance(60_000);
      expect(server.types).toEqual(['run_started']);
    },
  );

  it.each(['never taken', 'taken before'])(
    '[R10] splits a batch that is too large, exactly once each: %s',
    async (earlier) => {
      const { reporter, server, clock } = makeReporter();
      for (const step of range(7)) reporter.metric('loss', 1, { step });
      let isFirst = earlier === 'taken before';
      server.fault = ({ events }) => {
        if (isFirst) {
          isFirst = false;
          return 'lost answer';
        }
        return events.length > 2 ? { status: 413 } : null;
      };
      await clock.advance(1_000);
      // A server knows an event it has taken by its natural keys; this one only knows batches.
      expect([...new Set(server.steps)]).toEqual(range(7));
      if (earlier === 'never taken') expect(server.steps).toEqual(range(7));
      const numbers = [...new Set(server.requests.map(({ batch }) => batch))];
      expect(numbers).toEqual(range(numbers.length));
      expect(reporter.stats()).toMatchObject({ acknowledged: 8, queued: 0 });
    },
  );

  it('[R10] drops a single event that is too large, and goes on', async () => {
    const { reporter, server, clock } = makeReporter();
    await clock.advance(60);
    reporter.log('info', 'too much');
    server.fault = ({ events }) => (JSON.stringify(events).includes('too much') ? { status: 413 } : null);
    await clock.advance(60);
    reporter.metric('loss', 1, { step: 1 });
    await clock.advance(60);
    expect(server.types).toEqual(['run_started', 'metric']);
    expect(reporter.stats()).toMatchObject({ acknowledged: 2, dropped: 1 });
  });

  it.each([400, 422])(
    '[R11] drops a batch refused with HTTP %d, sends its number empty, and goes on',
    async (status) => {
      const { reporter, server, clock, problems } = makeReporter();
      await clock.advance(60);
      reporter.metric('loss', 1, { step: 1 });
      server.failNext({ status });
      await clock.advance(60);
      reporter.metric('loss', 1, { step: 2 });
      await clock.advance(60);
      expect(server.requests.map(({ batch, events }) => [batch, events.length])).toEqual([
        [0, 1],
        [1, 1],
        [1, 0],
        [2, 1],
      ]);
      expect(server.steps).toEqual([2]);
      expect(reporter.stats()).toMatchObject({ acknowledged: 2, dropped: 1 });
      expect(problems).toMatchObject([{ code: 'events_dropped' }]);
    },
  );

  it('[R11] does not spin when even an empty batch is refused', async () => {
    const { server, clock } = makeReporter();
    server.fault = () => ({ status: 422 });
    await clock.advance(61_000);
    expect(server.requests).toHaveLength(3);
  });

  it('[R12] counts refused events and reports each distinct reason once', async () => {
    const { reporter, clock, problems } = makeReporter({
      post: async () => ({
        status: 200,
        retryAfter: null,
        text: JSON.stringify({
          accepted: 1,
          duplicates: 0,
          rejected: [1, 2, 3].map((index) => ({ index, detail: index === 3 ? 'other' : 'unknown round' })),
          commands: [],
        }),
      }),
    });
    for (const step of range(3)) reporter.metric('loss', 1, { step });
    await clock.advance(60);
    expect(reporter.stats()).toMatchObject({ acknowledged: 1, rejected: 3 });
    expect(problems.map(({ message }) => message)).toEqual([
      'the server refused metric: unknown round',
      'the server refused metric: other',
    ]);
  });
});

describe('closing', () => {
  it('[R14] delivers the remaining events at once', async () => {
    const { reporter, server, clock } = makeReporter();
    reporter.runComplete({ status: 'complete' });
    const closing = reporter.close();
    await clock.advance(0);
    expect(await closing).toMatchObject({ acknowledged: 2, dropped: 0, queued: 0 });
    expect(server.types).toEqual(['run_started', 'run_complete']);
  });

  it('[R14] ends after 2 s with the server down, and reports what was lost', async () => {
    const { reporter, server, clock, problems } = makeReporter();
    server.fault = () => 'down';
    reporter.metric('loss', 1, { step: 1 });
    const startedAt = clock.now();
    const closing = reporter.close().then((stats) => ({ ...stats, tookMs: clock.now() - startedAt }));
    await clock.advance(1_999);
    expect(clock.isHolding).toBe(true);
    await clock.advance(1);
    expect(await closing).toMatchObject({ dropped: 2, queued: 0 });
    expect(clock.isHolding).toBe(false);
    expect(problems.map(({ code }) => code)).toEqual(['unreachable', 'events_dropped']);
  });

  it('[R14] ends after 2 s with a server that never answers', async () => {
    const { reporter, server, clock } = makeReporter();
    server.fault = () => 'silent';
    const closing = reporter.close();
    await clock.advance(2_000);
    expect(await closing).toMatchObject({ dropped: 1 });
  });

  it('[R14] does not wait out a backoff that is under way', async () => {
    const { reporter, server, clock } = makeReporter({ random: () => 1 });
    server.fault = () => 'down';
    await clock.advance(30_000);
    server.fault = () => null;
    const closing = reporter.close();
    await clock.advance(0);
    expect(await closing).toMatchObject({ acknowledged: 1, dropped: 0 });
  });

  it('[R14] gives up at once on a wrong key', async () => {
    const { reporter, server, clock } = makeReporter();
    server.fault = () => ({ status: 401 });
    const closing = reporter.close();
    await clock.advance(0);
    expect(await closing).toMatchObject({ dropped: 1 });
  });

  it('[R14] may be asked twice, and counts what comes too late', async () => {
    const { reporter, clock } = makeReporter();
    const both = Promise.all([reporter.close(), reporter.close()]);
    await clock.advance(0);
    await both;
    reporter.metric('loss', 1, { step: 1 });
    expect(reporter.stats()).toMatchObject({ reported: 2, acknowledged: 1, dropped: 1 });
  });

  it('[R15] waits for nothing that would keep the process alive', async () => {
    const { reporter, server, clock } = makeReporter({ commands_supported: ['stop_run'] });
    server.failNext('down', 'silent');
    for (const ms of [10, 50, 500, 12_000]) {
      await clock.advance(ms);
      reporter.log('info', 'x');
      expect(clock.isHolding).toBe(false);
    }
  });
});
