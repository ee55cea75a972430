import { factSchema, limits } from '@rondo/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeEvent, type ReportedFact } from './event.ts';

const at = '2026-01-31T12:00:00.000Z';

function wire(fact: ReportedFact): Record<string, unknown> {
  const made = makeEvent(fact, 'run-1', at);
  if (made.state === 'invalid') throw new Error(made.flaw);
  return JSON.parse(made.event.json);
}

const flawOf = (fact: unknown) => makeEvent(fact as ReportedFact, 'run-1', at);

describe('[R3] the wire form of an event', () => {
  it('[R3] says non-finite numbers as strings', () => {
    const event = wire({
      type: 'client_result',
      client_id: 'a',
      round: 1,
      sample_count: 2,
      train_loss: NaN,
      metrics: { up: Infinity, down: -Infinity },
    });
    expect(event).toMatchObject({ train_loss: 'NaN', metrics: { up: 'Infinity', down: '-Infinity' } });
  });

  it('[R3] replaces NUL and half surrogate pairs', () => {
    expect(wire({ type: 'log', level: 'info', message: 'a\0b\ud800c' }).message).toBe('a\ufffdb\ufffdc');
  });

  it('[R3] cuts a text at its limit, never through a character', () => {
    const message = `${'x'.repeat(limits.message - 2)}😀😀`;
    const cut = wire({ type: 'log', level: 'info', message }).message;
    expect(cut).toBe(`${'x'.repeat(limits.message - 2)}…`);
  });

  it('[R3] keeps two long client ids apart', () => {
    const stem = 'hospital/'.repeat(20);
    const [one, two] = [`${stem}1`, `${stem}2`].map((client_id) => wire({ type: 'client_left', client_id }).client_id);
    expect(one).toHaveLength(limits.clientId);
    expect(one).not.toBe(two);
    expect(one).toBe(wire({ type: 'client_left', client_id: `${stem}1` }).client_id);
  });

  it('[R3] takes ids given as numbers, large ones exactly', () => {
    expect(wire({ type: 'client_left', client_id: 18446744073709551615n as never }).client_id).toBe(
      '18446744073709551615',
    );
  });

  it('[R3] keeps the first 256 entries', () => {
    const metrics = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m${i}`, i]));
    const event = wire({ type: 'round_complete', round: 1, metrics });
    expect(Object.keys(event.metrics as object)).toHaveLength(limits.entries);
  });

  it('[R3] leaves out an optional field that cannot be said, and says so', () => {
    const made = flawOf({ type: 'client_joined', client_id: 'a', dataset_size: 0 });
    expect(made).toMatchObject({ state: 'valid', flaw: expect.stringContaining('dataset_size') });
    expect(wire({ type: 'client_joined', client_id: 'a', dataset_size: 0 })).not.toHaveProperty('dataset_size');
  });

  it('[R3] leaves out one bad entry, not its neighbours', () => {
    const event = wire({ type: 'round_complete', round: 1, metrics: { good: 1, bad: 'x' as never } });
    expect(event.metrics).toEqual({ good: 1 });
  });

  it('[R3] leaves out many bad entries, names the first and counts the rest', () => {
    const metrics = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`m${n}`, n % 2 ? n : 'x']));
    const made = flawOf({ type: 'client_result', client_id: 'a', round: 1, sample_count: 1, metrics });
    if (made.state === 'invalid') throw new Error(made.flaw);
    expect(Object.keys(JSON.parse(made.event.json).metrics)).toHaveLength(128);
    expect(made.flaw).toMatch(/m0 .*, and 125 more$/);
  });

  it('[R3] does not turn a client metric into a global one', () => {
    expect(flawOf({ type: 'metric', name: 'x', value: 1, step: 1, client_id: '' })).toMatchObject({ state: 'invalid' });
  });

  it('[R3] leaves out what the protocol has no field for', () => {
    expect(wire({ type: 'client_left', client_id: 'a', weights: [1, 2] } as never)).not.toHaveProperty('weights');
  });

  it('[R3] makes room in a config that is too large, small entries first', () => {
    const { config } = wire(started({ lr: 0.1, weights: 'w'.repeat(100_000) })) as { config: Record<string, unknown> };
    expect(config.lr).toBe(0.1);
    expect(config.weights).toMatch(/^\(left out: \d+ characters\)$/);
  });

  it('[R3] takes a config with cycles, depth, functions, dates and big numbers', () => {
    const config: Record<string, unknown> = { f: () => 1, big: 2n ** 70n, when: new Date(0), nan: NaN };
    config.self = config;
    config.again = config;
    const event = wire(started(config));
    expect(event.config).toMatchObject({ big: '1180591620717411303424', when: '1970-01-01T00:00:00.000Z', nan: 'NaN' });
    expect(event.config).not.toHaveProperty('f');
  });

  it('[R3] takes the largest round the server takes, and drops what no request can hold', () => {
    const client_ids = (length: number) => Array.from({ length: 100_000 }, (_, i) => String(i).padStart(length, 'c'));
    expect(flawOf({ type: 'round_started', round: 1, client_ids: client_ids(64) }).state).toBe('valid');
    const wide = client_ids(64).map((id) => id.replaceAll('c', '€'));
    expect(flawOf({ type: 'round_started', round: 1, client_ids: wide })).toMatchObject({
      state: 'invalid',
      flaw: expect.stringContaining('bytes'),
    });
  });

  it('[R3] says every type of the protocol', () => {
    const types = factSchema.options.map((option) => option.shape.type.value);
    for (const type of types) expect(flawOf({ type }).flaw).not.toMatch(/unknown/);
  });

  it('[R3] is valid or dropped, for any text and number', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.double(), anything, (text, number, value) => {
        const facts = [
          { type: 'log', level: 'info', message: text, client_id: text },
          { type: 'metric', name: text, value: number, step: 1 },
          {
            type: 'client_result',
            client_id: 'a',
            round: 1,
            sample_count: 1,
            train_loss: number,
            metrics: value,
            duration_ms: value,
          },
          started(value as never),
        ];
        for (const fact of facts) {
          const made = flawOf(fact);
          if (made.state === 'valid') expect(factSchema.safeParse(JSON.parse(made.event.json)).error).toBeUndefined();
        }
        expect(flawOf(facts[1]).state).toBe(text === '' ? 'invalid' : 'valid');
        expect(flawOf(facts[2]).state).toBe('valid');
      }),
    );
  });
});

const started = (config: Record<string, unknown>): ReportedFact => ({
  type: 'run_started',
  name: 'x',
  framework: 'y',
  config,
});
