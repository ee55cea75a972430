import { type AlertWhen, type AttentionItem, type AttentionNews, alertWhenSchema, runIdSchema } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { type AlertFacts, changesOf, matchesOf } from './match.ts';

const run_id = runIdSchema.parse('a-run');
const madeAt = '2026-01-31T12:00:00.000Z';
const ruleOf = (when: object, tag: string | null = null) => ({
  tag,
  condition: alertWhenSchema.parse(when) as AlertWhen,
  active_from: madeAt,
});

const running: AlertFacts = {
  run_id,
  tags: [],
  status: 'running',
  reason: null,
  completed_at: null,
  heard_at: null,
  imported_at: null,
  current_round: 3,
  list: null,
  readings: new Map(),
};

const item = (fields: Partial<AttentionItem> = {}): AttentionItem => ({
  rule: 'round_failed',
  severity: 'warning',
  detail: 'round 3 failed',
  evidence: {},
  ...fields,
});

const listOf = (items: AttentionItem[], total = items.length): AttentionNews => ({ run_id, items, total });
const withList = (...items: AttentionItem[]): AlertFacts => ({ ...running, list: listOf(items) });
const anything = ruleOf({ kind: 'attention', min_severity: 'info' });

describe('[E1] what a rule is about', () => {
  it('any attention rule from a severity on, or the rules that it names', () => {
    const facts = withList(
      item({ severity: 'critical', rule: 'fl_server_silent' }),
      item(),
      item({ severity: 'info', rule: 'straggler', client_ids: [] }),
    );
    const rules = (when: object) =>
      matchesOf(ruleOf({ kind: 'attention', ...when }), facts).map((m) => m.attention_rule);
    expect(rules({})).toEqual(['fl_server_silent', 'round_failed']);
    expect(rules({ min_severity: 'critical' })).toEqual(['fl_server_silent']);
    expect(rules({ min_severity: 'info', rules: ['straggler'] })).toEqual(['straggler']);
    expect(rules({ rules: ['straggler'] })).toEqual([]);
  });

  it('the end of a run, with its reason', () => {
    const failed = { ...running, status: 'failed', reason: 'out of memory', heard_at: madeAt } as const;
    expect(matchesOf(ruleOf({ kind: 'run_failed' }), failed)).toMatchObject([
      { kind: 'run_failed', severity: 'critical', detail: 'the run failed: out of memory', isEvent: true },
    ]);
    expect(matchesOf(ruleOf({ kind: 'run_complete' }), failed)).toEqual([]);
    expect(matchesOf(ruleOf({ kind: 'run_complete' }), { ...failed, status: 'complete' })).toHaveLength(1);
    expect(matchesOf(ruleOf({ kind: 'run_failed' }), { ...failed, status: 'stopped' })).toEqual([]);
  });

  it.each([
    ['>', 0.6, [0.7, 0.65], 2, true],
    ['>', 0.65, [0.7, 0.65], 2, false],
    ['>=', 0.65, [0.7, 0.65], 2, true],
    ['<', 0.5, [0.4], 1, true],
    ['<=', 0.5, [0.5, 0.6], 1, true],
    ['<', 0.5, [0.4], 2, false],
    ['>', 1, ['Infinity'], 1, true],
    ['>', 1, ['NaN'], 1, false],
    ['<', 1, ['NaN'], 1, false],
  ] as const)('a metric %s %d: %j for %d values', (op, value, values, for_rounds, isMatch) => {
    const rule = ruleOf({ kind: 'metric_threshold', name: 'loss', op, value, for_rounds });
    const readings = new Map([['loss', values.map((each, n) => ({ x: 9 - n, value: each }))]]);
    expect(matchesOf(rule, { ...running, readings })).toHaveLength(Number(isMatch));
  });

  it('a metric that was never reported makes no alert', () => {
    expect(matchesOf(ruleOf({ kind: 'metric_threshold', name: 'x', op: '<', value: 1 }), running)).toEqual([]);
  });
});

describe('[E2] which runs it is about', () => {
  const failures = ruleOf({ kind: 'run_failed' });
  const over = { ...running, status: 'failed', completed_at: '2020-01-01T00:00:00.000Z' } as const;

  it('runs that were over before it was made do not count, by the clock of the server', () => {
    expect(matchesOf(failures, { ...over, heard_at: '2026-01-31T11:59:59.999Z' })).toEqual([]);
    expect(matchesOf(failures, { ...over, heard_at: null })).toEqual([]);
    expect(matchesOf(failures, { ...over, heard_at: madeAt })).toHaveLength(1);
  });

  it('imported runs do not count, nor runs without its tag', () => {
    expect(matchesOf(failures, { ...over, heard_at: madeAt, imported_at: madeAt })).toEqual([]);
    const tagged = ruleOf({ kind: 'run_failed' }, 'nightly');
    expect(matchesOf(tagged, { ...over, heard_at: madeAt })).toEqual([]);
    expect(matchesOf(tagged, { ...over, heard_at: madeAt, tags: ['nightly'] })).toHaveLength(1);
  });
});

describe('[E3] one alert for one occurrence', () => {
  const held = (facts: AlertFacts) => matchesOf(anything, facts).map(({ topic }, n) => ({ id: `alert ${n}`, topic }));

  it('what holds already begins no second one, and what holds no longer is over', () => {
    const one = withList(item({ rule: 'zero_update', client_id: 'a' as never, since_round: 3 }));
    const two = withList(
      ...(one.list?.items ?? []),
      item({ rule: 'zero_update', client_id: 'b' as never, since_round: 4 }),
    );
    expect(changesOf(anything, one, [])).toMatchObject({ begun: [{ episode: '3', client_id: 'a' }], overIds: [] });
    expect(changesOf(anything, two, held(one))).toMatchObject({ begun: [{ client_id: 'b' }], overIds: [] });
    expect(changesOf(anything, running, held(two))).toEqual({ begun: [], overIds: ['alert 0', 'alert 1'] });
  });

  it('an item that stands for several clients is one, however many these become', () => {
    const few = withList(item({ client_ids: ['a', 'b', 'c', 'd'] as never, since_round: 3 }));
    const more = withList(item({ client_ids: ['a', 'b', 'c', 'd', 'e'] as never, since_round: 2 }));
    expect(changesOf(anything, more, held(few))).toEqual({ begun: [], overIds: [] });
  });

  it('a list that is cut does not end what it no longer shows', () => {
    const before = withList(item({ client_id: 'a' as never }));
    const after = { ...running, list: listOf([item({ client_id: 'b' as never })], 300) };
    expect(changesOf(anything, after, held(before)).overIds).toEqual([]);
  });

  it('a run that is over holds nothing', () => {
    const before = withList(item());
    const after = { ...before, status: 'complete', heard_at: madeAt } as const;
    expect(changesOf(anything, after, held(before))).toMatchObject({ begun: [], overIds: ['alert 0'] });
  });
});
