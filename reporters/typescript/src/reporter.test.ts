import { limits } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { makeReporter } from './testing/make-reporter.ts';

describe('reporting', () => {
  it('starts the run automatically, with its options', async () => {
    const { server, clock } = makeReporter({ name: 'CIFAR', framework: 'flower', num_rounds: 3, config: { lr: 0.1 } });
    await clock.advance(50);
    expect(server.facts).toMatchObject([
      { type: 'run_started', run_id: 'run-1', name: 'CIFAR', framework: 'flower', num_rounds: 3, config: { lr: 0.1 } },
    ]);
  });

  it('sends the key as a bearer token', async () => {
    const { server, clock } = makeReporter({ apiKey: ' secret-key\n' });
    await clock.advance(50);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer secret-key');
  });

  it('[R1] never throws, whatever it is given', () => {
    const { reporter } = makeReporter();
    const hostile = {
      get client_id(): string {
        throw new Error('no');
      },
    };
    const calls: (() => void)[] = [
      () => reporter.clientLeft(hostile),
      () => reporter.clientJoined(null as never),
      () => reporter.report(undefined as never),
      () => reporter.report({ type: 'nonsense' } as never),
      () => reporter.metric(Symbol('x') as never, 1, { step: 1 }),
      () => reporter.metric('x', 1, undefined as never),
      () => reporter.log('info', { toString: null } as never),
    ];
    for (const call of calls) expect(call).not.toThrow();
    expect(reporter.stats()).toMatchObject({ reported: 1 + calls.length, dropped: calls.length });
  });

  it('[R1] survives a problem listener that throws', () => {
    const { reporter } = makeReporter({
      onProblem: () => {
        throw new Error('listener');
      },
    });
    expect(() => reporter.report({ type: 'nonsense' } as never)).not.toThrow();
  });

  it('[R1] does no I/O inside the call', () => {
    const { reporter, server } = makeReporter();
    reporter.metric('loss', 1, { step: 1 });
    expect(server.requests).toEqual([]);
  });

  it('[R1] keeps what was reported, not what the object became', async () => {
    const { reporter, server, clock } = makeReporter();
    const metrics = { loss: 1 };
    reporter.roundComplete({ round: 1, metrics });
    metrics.loss = 2;
    await clock.advance(50);
    expect(server.facts.at(-1)).toMatchObject({ metrics: { loss: 1 } });
  });

  it('[R3] reports a dropped event once and counts every one', () => {
    const { reporter, problems } = makeReporter();
    for (let i = 0; i < 3; i++) reporter.clientFailed({ client_id: '', round: 1, reason: 'x' });
    expect(problems).toMatchObject([{ code: 'invalid_event', message: expect.stringContaining('client_id') }]);
    expect(reporter.stats().dropped).toBe(3);
  });

  it('[R16] never shows the key in a problem or an error', async () => {
    const key = 'rondo_0123456789';
    const { reporter, clock, problems } = makeReporter({
      apiKey: key,
      post: () => Promise.reject(new Error(`bad header Bearer ${key}`)),
    });
    await clock.advance(60);
    expect(problems).toHaveLength(1);
    expect(JSON.stringify([problems, reporter.stats()])).not.toContain(key);
  });

  it('[R16] never shows the password of an address', async () => {
    const { clock, problems } = makeReporter({
      url: 'http://me:hunter2@host:8000',
      post: () => Promise.reject(new Error('x')),
    });
    await clock.advance(60);
    expect(problems[0]?.message).toContain('http://host:8000');
    expect(problems[0]?.message).not.toContain('hunter2');
  });

  it('[R17] accounts for every event at every moment', async () => {
    const { reporter, server, clock } = makeReporter({ maxQueuedEvents: 20 });
    server.failNext('down', 'lost answer', { status: 503 });
    for (let step = 0; step < 60; step++) {
      reporter.metric('loss', 1, { step });
      if (step % 7 === 0) reporter.clientFailed({ client_id: 'a', round: -1, reason: 'invalid' });
      await clock.advance(40);
      const { reported, acknowledged, rejected, dropped, queued } = reporter.stats();
      expect(acknowledged + rejected + dropped + queued).toBe(reported);
    }
    expect(reporter.stats().duplicates).toBeGreaterThan(0);
  });

  it('clips a run id that is too long instead of losing every event', async () => {
    const { reporter, server, clock } = makeReporter({ run_id: 'r'.repeat(300) });
    await clock.advance(50);
    expect(reporter.run_id).toHaveLength(limits.id);
    expect(server.facts[0]?.run_id).toBe(reporter.run_id);
  });
});
