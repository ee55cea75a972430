import { describe, expect, it } from 'vitest';
import { classOf, type QueuedEvent } from './event.ts';
import { EventQueue } from './queue.ts';
import { makeReporter, range, until } from './testing/make-reporter.ts';

const makeQueued = (type: QueuedEvent['type'], label: string): QueuedEvent => ({
  type,
  class: classOf(type),
  json: label,
  bytes: label.length,
});
function take(queue: EventQueue, maxEvents: number, maxBytes: number): string[] {
  const events = queue.peek(maxEvents, maxBytes);
  queue.discard(events);
  return events.map((event) => event.json);
}

const labels = (queue: EventQueue) => take(queue, 1_000, 1e9);

describe('[R7] the queue', () => {
  it('[R7] gives events back in the order they came, whatever their kind', () => {
    const queue = new EventQueue({ maxEvents: 10, maxBytes: 1e6 });
    for (const [type, label] of [
      ['log', '1'],
      ['round_started', '2'],
      ['metric', '3'],
      ['round_complete', '4'],
    ] as const) {
      queue.push(makeQueued(type, label));
    }
    expect(labels(queue)).toEqual(['1', '2', '3', '4']);
  });

  it('[R7] drops the oldest telemetry before any fact', () => {
    const queue = new EventQueue({ maxEvents: 3, maxBytes: 1e6 });
    queue.push(makeQueued('client_failed', 'fact'));
    queue.push(makeQueued('metric', 'old'));
    queue.push(makeQueued('metric', 'new'));
    expect(queue.push(makeQueued('client_failed', 'fact 2'))).toEqual({ telemetry: 1, facts: 0 });
    expect(labels(queue)).toEqual(['fact', 'new', 'fact 2']);
  });

  it('[R7] then drops the oldest facts, the start of the run last', () => {
    const queue = new EventQueue({ maxEvents: 3, maxBytes: 1e6 });
    queue.push(makeQueued('run_started', 'run'));
    for (const label of ['1', '2', '3', '4']) queue.push(makeQueued('client_failed', label));
    expect(labels(queue)).toEqual(['run', '3', '4']);
  });

  it('[R7] is bounded in bytes as well', () => {
    const queue = new EventQueue({ maxEvents: 1_000, maxBytes: 1_000 });
    for (const label of range(100)) queue.push(makeQueued('metric', String(label).padStart(100)));
    expect(queue.size).toBe(5);
    expect(queue.bytes).toBeLessThanOrEqual(1_000);
  });

  it('[R5] takes no more than fits in a batch, but always something', () => {
    const queue = new EventQueue({ maxEvents: 100, maxBytes: 1e6 });
    for (const label of ['aaaa', 'bbbb', 'cccc']) queue.push(makeQueued('metric', label));
    expect(take(queue, 2, 1e6)).toHaveLength(2);
    expect(take(queue, 10, 1)).toHaveLength(1);
    expect(queue.size).toBe(0);
  });

  it('[R7] behaves like a plain list over many pushes and takes', () => {
    const queue = new EventQueue({ maxEvents: 5_000, maxBytes: 1e9 });
    const given: string[] = [];
    const taken: string[] = [];
    for (const i of range(20_000)) {
      queue.push(makeQueued(i % 3 ? 'metric' : 'client_failed', String(i)));
      given.push(String(i));
      if (i % 50 === 49) taken.push(...take(queue, 49, 1e9));
    }
    expect([...taken, ...labels(queue)]).toEqual(given);
  });

  it('[R7] reports its drops by a log line once the link is back', async () => {
    const { reporter, server, clock, problems } = makeReporter({ maxQueuedEvents: 10 });
    server.fault = () => 'down';
    for (const step of range(30)) reporter.metric('loss', 1, { step });
    await clock.advance(100);
    expect(problems.filter(({ code }) => code === 'events_dropped')).toHaveLength(1);
    server.fault = () => null;
    await until(async () => {
      await clock.advance(1_000);
      return server.types.includes('log');
    });
    expect(server.steps).toEqual(range(9, 21));
    expect(server.facts.at(-1)).toMatchObject({
      type: 'log',
      level: 'warning',
      message: expect.stringContaining('21 measurements'),
    });
    expect(reporter.stats().dropped).toBe(21);
  });
});
