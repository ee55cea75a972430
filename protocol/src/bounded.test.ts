import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { boundedArray, boundedRecord } from './bounded.ts';
import { factSchema } from './facts.ts';
import { limits } from './limits.ts';

/** How many times an element was looked at. */
function counted() {
  let looks = 0;
  const schema = z.string().refine((value) => {
    looks += 1;
    return value.startsWith('k');
  }, 'must begin with k');
  return { schema, looks: () => looks };
}

describe('[H3] [B2] sizes are checked before elements', () => {
  it('an array that is too long is refused without a look at its elements', () => {
    const { schema, looks } = counted();
    const parsed = boundedArray(schema, 3).safeParse(['x', 'x', 'x', 'x']);
    expect(parsed.error?.issues).toMatchObject([{ message: 'must have at most 3 items' }]);
    expect(looks()).toBe(0);
  });

  it('a record of too many entries is refused without a look at them', () => {
    const { schema, looks } = counted();
    const parsed = boundedRecord(schema, schema, 2).safeParse({ a: '1', b: '2', c: '3' });
    expect(parsed.error?.issues).toMatchObject([{ message: 'must have at most 2 entries' }]);
    expect(looks()).toBe(0);
  });

  it('the first few wrong elements end the check', () => {
    const { schema, looks } = counted();
    const parsed = boundedArray(schema, 1_000).safeParse(Array(1_000).fill('x'));
    expect(parsed.error?.issues.map(({ path }) => path)).toEqual([[0], [1], [2], [3], [4]]);
    expect(looks()).toBe(5);
    const names = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, 'x']));
    expect(boundedRecord(z.string(), schema, 1_000).safeParse(names).error?.issues.length).toBe(5);
  });

  it('what is right is returned as it is, and no name reaches the prototype', () => {
    const { schema } = counted();
    expect(boundedArray(schema, 3).parse(['k1', 'k2'])).toEqual(['k1', 'k2']);
    const record = JSON.parse('{"k":"k","__proto__":"k"}');
    const parsed = boundedRecord(z.string(), schema, 3).parse(record);
    expect(JSON.stringify(parsed)).toBe('{"k":"k","__proto__":"k"}');
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(boundedArray(schema, 3).safeParse({ length: 1 }).success).toBe(false);
    expect(boundedRecord(z.string(), schema, 3).safeParse(['k']).success).toBe(false);
  });

  it('JSON Schema shows them as plain lists and maps', () => {
    expect(z.toJSONSchema(boundedArray(z.string(), 3))).toMatchObject({ type: 'array', maxItems: 3 });
    expect(z.toJSONSchema(boundedRecord(z.string(), z.number(), 3))).toMatchObject({
      type: 'object',
      additionalProperties: { type: 'number' },
    });
  });
});

describe('[H3] [B2] a fact of any size is judged at once', () => {
  const at = '2026-01-31T12:00:00.000Z';
  const many = (value: unknown, count: number) => Array(count).fill(value);
  const metrics = Object.fromEntries(Array.from({ length: limits.entries }, (_, n) => [`m${n}`, 'x']));
  it.each([
    ['invalid ids', { type: 'round_started', round: 1, client_ids: many('', limits.selectedClients - 1) }],
    ['too many ids', { type: 'round_started', round: 1, client_ids: many('a', 1_000_000) }],
    ['bad metrics', { type: 'round_complete', round: 1, metrics }],
  ])('%s', (_, fact) => {
    const before = performance.now();
    const parsed = factSchema.safeParse({ run_id: 'a', at, ...fact });
    expect(parsed.error?.issues.length).toBeLessThanOrEqual(5);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
