import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFixture, revive } from './testing/fixtures.ts';
import { makeReporter, until } from './testing/make-reporter.ts';
import { readValues, toNumber } from './values.ts';

interface ValuesCase {
  name: string;
  record: unknown;
  numbers: unknown;
  points?: unknown;
  left_out?: string[];
}
const { cases } = readFixture<{ cases: ValuesCase[] }>('values');

describe('[R29] values', () => {
  it.each(cases)('[R29] $name', ({ record, numbers, points = {}, left_out = [] }) => {
    const found = readValues(revive(record));
    expect({ numbers: found.numbers, points: found.points, left_out: Object.keys(found.problems) }).toEqual({
      numbers: revive(numbers),
      points,
      left_out,
    });
  });

  it('[R29] numbers of this language', () => {
    const decimal = { toNumber: () => 0.25 };
    const given = [1n << 60n, new Number(2), Float32Array.of(0.5), [3], new Boolean(true), decimal];
    expect(given.map((value) => toNumber(value))).toEqual(
      [1n << 60n, 2, 0.5, 3, 1, 0.25].map((value) => ({ value: Number(value) })),
    );
    const found = readValues({
      loss: Float64Array.of(3, 2),
      by: new Map([['a', 1]]),
      odd: new (class Odd {})(),
      f: () => 1,
    });
    expect(found).toEqual({
      numbers: { loss: 2, 'by/a': 1 },
      points: { loss: [3, 2] },
      problems: { odd: 'is not a number but Odd', f: 'is not a number but a function' },
    });
  });

  it('[R29] never throws, and everything is a number or named', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withTypedArray: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        const { numbers, problems } = readValues({ value });
        const isEmpty =
          value === null || value === undefined || (typeof value === 'object' && Object.keys(numbers).length === 0);
        expect(isEmpty || Object.keys({ ...numbers, ...problems }).length > 0).toBe(true);
      }),
    );
  });

  it('[R29] 40 epochs in one result are 40 points, and the last is the train_loss of the client (FLIP#633)', async () => {
    const { reporter, server, clock } = makeReporter();
    const losses = Array.from({ length: 40 }, (_, index) => 40 - index);
    reporter.clientResult({
      client_id: 'a',
      round: 2,
      sample_count: 1,
      train_loss: losses as never,
      metrics: { val: { f1: 0.8 } } as never,
    });
    await clock.advance(100);
    await until(() => server.types.filter((type) => type === 'metric').length === 40);
    expect(server.facts.find(({ type }) => type === 'client_result')).toMatchObject({
      train_loss: 1,
      metrics: { 'val/f1': 0.8 },
    });
    const points = server.facts.flatMap((fact) => (fact.type === 'metric' ? [fact] : []));
    expect(points.map(({ value }) => value)).toEqual(losses);
    expect(points[39]).toMatchObject({ name: 'train_loss', step: 39, round: 2, client_id: 'a' });
  });

  it('[R30] omitted values are counted by name, and reported once and at the end of the run', async () => {
    const { reporter, server, clock, problems } = makeReporter();
    for (let round = 1; round <= 3; round++)
      reporter.roundComplete({ round, metrics: { acc: 1, note: 'good' as never } });
    reporter.leftOut('update_norm', 'was not measured');
    reporter.runComplete({ status: 'complete' });
    await clock.advance(100);
    await until(() => server.types.includes('run_complete'));
    expect(reporter.stats().leftOut).toEqual({
      note: { count: 3, reason: 'is not a number but a text' },
      update_norm: { count: 1, reason: 'was not measured' },
    });
    expect(problems.map(({ message }) => message)).toEqual([
      'note is left out of the report: it is not a number but a text',
      'update_norm is left out of the report: it was not measured',
    ]);
    const lines = server.facts.flatMap((fact) => (fact.type === 'log' ? [fact.message] : []));
    expect(lines.at(-1)).toBe(
      'Left out of the report: note (3 times: is not a number but a text), update_norm (1 times: was not measured)',
    );
    expect([lines.length, server.types.at(-1)]).toEqual([3, 'run_complete']);
  });
});
