import { describe, expect, it } from 'vitest';
import { type FactType, factSchema } from './facts.ts';
import { limits } from './limits.ts';
import { toMetricValue, toNumber } from './values.ts';

const at = '2026-01-31T12:00:00.000Z';

/** Every fact with every field it knows. */
const examples: Record<FactType, Record<string, unknown>> = {
  run_started: {
    name: 'A run',
    framework: 'flower',
    config: { lr: 0.1, layers: [{ units: 8 }] },
    num_rounds: 10,
    tags: ['a'],
    commands_supported: ['stop_round'],
  },
  run_complete: { status: 'complete', reason: null },
  round_started: { round: 1, client_ids: ['a', 'b'], num_clients_expected: 3, deadline: at },
  round_update: { round: 1, status: 'aggregating' },
  round_complete: { round: 1, global_loss: 'NaN', global_accuracy: 0.5, metrics: { f1: 0.3 }, model_version: 'v1' },
  round_failed: { round: 1, reason: 'too few' },
  round_stopped: { round: 1, reason: 'asked to' },
  client_joined: { client_id: 'a', dataset_size: 10, labels: { site: 'x' } },
  client_left: { client_id: 'a', reason: 'done' },
  client_heartbeat: { client_id: 'a', system: { cpu_percent: 250, memory_bytes: 1, gpu_percent: 0 } },
  client_presence: { client_ids: ['a'], num_connected: 1, num_needed: 3 },
  client_status: { client_id: 'a', status: 'training', round: 1, progress: 0.5 },
  client_result: {
    client_id: 'a',
    round: 1,
    sample_count: 10,
    train_loss: '-Infinity',
    metrics: { f1: 0.3 },
    duration_ms: 1.5,
    bytes_up: 1,
    bytes_down: 2,
    update_norm: 'Infinity',
    cosine_to_mean: -0.5,
    cosine_to_previous: 0.25,
  },
  client_failed: { client_id: 'a', round: 1, reason: 'out of memory' },
  client_no_reply: { client_id: 'a', round: 1, waited_ms: 60_000 },
  metric: { name: 'lr', value: 0.1, step: 3, round: 1, client_id: 'a' },
  privacy_spent: { epsilon: 'Infinity', delta: 1e-5, client_id: 'a', round: 1 },
  log: { level: 'warning', message: 'slow', client_id: 'a' },
  command_ack: { command_id: 'c1', state: 'applied', detail: 'done' },
};

const make = (type: FactType, fields: Record<string, unknown> = {}) => ({
  type,
  run_id: 'a-run',
  at,
  ...examples[type],
  ...fields,
});

/** The errors, as `path: message`; empty if it is valid. */
const problems = (fact: unknown): string[] =>
  factSchema.safeParse(fact).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('every fact', () => {
  it.each(Object.keys(examples) as FactType[])('%s is accepted unchanged', (type) => {
    expect(factSchema.parse(make(type))).toEqual(make(type));
  });

  it('loses what the protocol does not know', () => {
    expect(factSchema.parse({ ...make('round_failed'), mood: 'bad' })).toEqual(make('round_failed'));
  });

  it('has defaults for optional fields', () => {
    const { name, framework } = examples.run_started;
    const announced = { type: 'run_started', run_id: 'a-run', at, name, framework };
    // An absent field replaces nothing. [F9]
    expect(factSchema.parse(announced)).toEqual(announced);
    const joined = { type: 'client_joined', run_id: 'a-run', at, client_id: 'a' };
    expect(factSchema.parse(joined)).toMatchObject({ labels: {} });
  });

  it('[I2] of an unknown type is named as that', () => {
    expect(problems({ ...make('log'), type: 'log_line' })).toEqual(['type: unknown event type']);
  });

  it.each([null, 7, 'log', [], undefined])('[I2] is refused when it is %j', (notAFact) => {
    expect(problems(notAFact)).toHaveLength(1);
  });
});

describe('moments', () => {
  it.each([
    ['2026-01-31T12:00:00Z', at],
    ['2026-01-31T14:00:00+02:00', at],
    ['2026-01-31T12:00:00.123456Z', '2026-01-31T12:00:00.123Z'],
    ['2026-02-01T00:30:00.5+12:45', '2026-01-31T11:45:00.500Z'],
  ])('[W1] %s is stored as %s', (sent, stored) => {
    expect(factSchema.parse(make('log', { at: sent })).at).toBe(stored);
  });

  it.each(['2026-01-31', '2026-01-31T12:00:00', '2026-02-30T12:00:00Z', 'now', 1_769_860_800, null])(
    '[W1] %j is refused',
    (at) => {
      expect(problems(make('log', { at }))[0]).toMatch(/^at: /);
    },
  );

  it.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '9999-12-31T23:59:59-14:00'])(
    '[W1] %s is refused: in UTC it is not in the years 1970 to 9999',
    (at) => {
      expect(problems(make('log', { at }))).toEqual(['at: must be in the years 1970 to 9999']);
    },
  );
});

describe('values', () => {
  it('[W2] a number that is not finite is refused as a number and taken as a string', () => {
    expect(problems(make('metric', { value: Number.NaN }))).toHaveLength(1);
    expect(problems(make('metric', { value: Number.POSITIVE_INFINITY }))).toHaveLength(1);
    for (const value of ['NaN', 'Infinity', '-Infinity']) expect(problems(make('metric', { value }))).toEqual([]);
    expect(problems(make('metric', { value: 'nan' }))).toHaveLength(1);
  });

  it.each([0, -1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '[W2] %d comes back as it was',
    (value) => {
      expect(toNumber(JSON.parse(JSON.stringify(toMetricValue(value))))).toBe(value);
    },
  );

  it('an epsilon may be infinite and never negative', () => {
    expect(problems(make('privacy_spent', { epsilon: -1 }))).toHaveLength(1);
    expect(problems(make('privacy_spent', { epsilon: 'NaN' }))).toHaveLength(1);
  });

  it.each([
    ['client_status', { progress: 1.01 }, 'progress'],
    ['client_joined', { dataset_size: 0 }, 'dataset_size'],
    ['client_result', { sample_count: 1.5 }, 'sample_count'],
    ['client_result', { bytes_up: 2 ** 53 }, 'bytes_up'],
    ['round_failed', { round: 2 ** 31 }, 'round'],
    ['round_failed', { round: -1 }, 'round'],
  ] as const)('%s with %j is refused at %s', (type, fields, path) => {
    expect(problems(make(type, fields)).map((problem) => problem.split(':')[0])).toEqual([path]);
  });
});

describe('text', () => {
  it('a client id has 1 to 64 characters', () => {
    expect(problems(make('client_failed', { client_id: 'c'.repeat(64) }))).toEqual([]);
    const message = 'client_id: must have 1 to 64 characters';
    expect(problems(make('client_failed', { client_id: 'c'.repeat(65) }))).toEqual([message]);
    expect(problems(make('client_failed', { client_id: '' }))).toEqual([message]);
  });

  it.each([
    ['NUL', 'a\0b'],
    ['half of a surrogate pair', 'a\ud83d'],
  ])('[W3] with %s is refused in any field', (_, text) => {
    expect(problems(make('log', { message: text }))).toHaveLength(1);
    expect(problems(make('client_failed', { client_id: text }))).toHaveLength(1);
    expect(problems(make('client_joined', { labels: { site: text } }))).toHaveLength(1);
    expect(problems(make('client_joined', { labels: { [text]: 'site' } }))).toHaveLength(1);
    expect(problems(make('run_started', { config: { deep: [{ text }] } }))).toHaveLength(1);
    expect(problems(make('run_started', { config: { deep: [{ [text]: 1 }] } }))).toHaveLength(1);
  });

  it('[W3] with an emoji, or that only spells NUL out, is taken', () => {
    for (const text of ['🎶', '\\u0000', '\\ud800']) {
      expect(problems(make('log', { message: text })), text).toEqual([]);
      expect(problems(make('run_started', { config: { [text]: text } })), text).toEqual([]);
    }
  });
});

describe('bounds', () => {
  const nested = (levels: number): object => (levels === 1 ? {} : { inner: nested(levels - 1) });

  it(`a config nests at most ${limits.configDepth} deep`, () => {
    expect(problems(make('run_started', { config: nested(limits.configDepth) }))).toEqual([]);
    expect(problems(make('run_started', { config: nested(limits.configDepth + 1) }))).toHaveLength(1);
  });

  it('a config of a hundred thousand levels is refused, not a crash', () => {
    let config = {};
    for (let level = 0; level < 100_000; level++) config = { config };
    expect(problems(make('run_started', { config }))).toHaveLength(1);
  });

  it(`a config has at most ${limits.configBytes} bytes`, () => {
    expect(problems(make('run_started', { config: { text: 'x'.repeat(limits.configBytes) } }))).toHaveLength(1);
  });

  it.each(['metrics', 'labels'])(`%s have at most ${limits.entries} entries`, (field) => {
    const type = field === 'metrics' ? 'client_result' : 'client_joined';
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, field === 'metrics' ? 1 : '1']));
    expect(problems(make(type, { [field]: many(limits.entries) }))).toEqual([]);
    expect(problems(make(type, { [field]: many(limits.entries + 1) }))).toHaveLength(1);
  });
});

describe('one of two', () => {
  it('round_started names the clients or their number', () => {
    const neither = { client_ids: undefined, num_clients_expected: null };
    expect(problems(make('round_started', neither))).toEqual([
      'client_ids: either client_ids or num_clients_expected is required',
    ]);
    expect(problems(make('round_started', { client_ids: null }))).toEqual([]);
    expect(problems(make('round_started', { num_clients_expected: undefined }))).toEqual([]);
  });

  it('metric says the step or the round', () => {
    expect(problems(make('metric', { step: null, round: undefined }))).toEqual([
      'step: either step or round is required',
    ]);
    expect(problems(make('metric', { step: null }))).toEqual([]);
  });
});
