import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainLog, plainMetric, plainResult } from './deferred.ts';
import { makeEvent, type ReportedFact } from './event.ts';
import { createMasking } from './masking.ts';
import { makeReporter } from './testing/make-reporter.ts';

const at = '2026-01-31T12:00:00.000Z';
const masking = createMasking({}, {});
const made = (fact: ReportedFact) => makeEvent(fact, 'run-1', at, masking);

const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-1, 0, 2 ** 53, Number.NaN, Infinity));
const id = fc.oneof(fc.string(), fc.constantFrom('', '.', 'a\0b', 'x'.repeat(200), '\u202e', 'a\ud800'));
const odd = fc.constantFrom(null, true, '3', 10n, [1], {}, new Date(0), undefined);
const optional = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: odd });
const maybe = { requiredKeys: [] as [] };

it('[R1] [R3] what is encoded later is what it would have been at once, and is always valid', () => {
  const where = fc.record({ step: optional(number), round: optional(number), client_id: optional(id), at: odd }, maybe);
  const result = fc.record(
    {
      client_id: optional(id),
      round: optional(number),
      sample_count: optional(number),
      train_loss: optional(number),
      metrics: optional(fc.dictionary(id, optional(number), { maxKeys: 20 })),
      duration_ms: optional(number),
      bytes_up: optional(number),
      update_norm: optional(number),
      mine: odd,
    },
    maybe,
  );
  const metric = fc.tuple(optional(id), optional(number), where).map(([name, value, about]) => ({
    copy: plainMetric(name as string, value as number, about as never),
    given: { ...about, name, value, type: 'metric' },
  }));
  const log = fc
    .tuple(fc.constantFrom('info', 'error', 'loud'), optional(id), where)
    .map(([level, message, about]) => ({
      copy: plainLog(level, message as string, about as never),
      given: { ...about, level, message, type: 'log' },
    }));
  const updated = result.map((given) => ({ copy: plainResult(given), given: { ...given, type: 'client_result' } }));
  let deferred = 0;
  fc.assert(
    fc.property(fc.oneof(metric, log, updated), ({ copy, given }) => {
      if (copy === null) return;
      deferred++;
      const event = made(copy);
      expect(event).toEqual(made(given as unknown as ReportedFact));
      expect([event.state, event.flaw]).toEqual(['valid', null]);
    }),
    { numRuns: 3_000 },
  );
  expect(deferred).toBeGreaterThan(30);
});

it('[R1] [R17] keeps the order of all facts, counts them at once, and copies what it was given', async () => {
  const { reporter, server, clock } = makeReporter({ spoolDir: false });
  const metrics = { accuracy: 1 };
  reporter.metric('loss', 1, { step: 1 });
  reporter.clientResult({ client_id: 'a', round: 1, sample_count: 1, metrics });
  metrics.accuracy = 2;
  // Not encoded later: its value is not a plain number.
  reporter.metric('loss', 3n as never, { step: 2 });
  reporter.log('info', 'last');
  expect(reporter.stats()).toMatchObject({ reported: 5, queued: 5 });
  await clock.advance(50);
  expect(server.types).toEqual(['run_started', 'metric', 'client_result', 'metric', 'log']);
  expect(server.facts[2]).toMatchObject({ metrics: { accuracy: 1 } });
  expect(server.steps).toEqual([1, 2]);
});

it('[R7] a program that reports without a pause keeps to the bound of the queue', async () => {
  const { reporter, server, clock } = makeReporter({ spoolDir: false, maxQueuedEvents: 3_000 });
  for (let step = 0; step < 10_000; step++) reporter.metric('loss', 1, { step });
  expect(reporter.stats()).toMatchObject({ reported: 10_001, queued: 3_000, dropped: 7_001 });
  // Compression takes its own time, in another thread.
  for (let turn = 0; turn < 1_000 && server.steps.length < 2_999; turn++) await clock.advance(20);
  expect(server.steps.at(-1)).toBe(9_999);
});
