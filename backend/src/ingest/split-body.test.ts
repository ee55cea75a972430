import { limits } from '@rondo/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OversizedEvent, RawEvent, splitBody } from './split-body.ts';

const split = async (text: string) => {
  const { envelope, events } = await splitBody(Buffer.from(text));
  return {
    ...(JSON.parse(envelope) as object),
    events: events.map((event) => (event instanceof RawEvent ? JSON.parse(event.text) : event)),
  };
};

describe('[H3] [B3] a large batch is taken apart without being parsed', () => {
  it('whatever is in it, it is what JSON.parse finds', async () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(value), fc.string(), fc.boolean(), async (events, reporter_id, isFirst) => {
        const rest = { reporter_id, batch: 1, nested: [{ events: ['no', { events: [] }] }] };
        const text = JSON.stringify(isFirst ? { events, ...rest } : { ...rest, events }, null, isFirst ? 2 : 0);
        expect(await split(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('more events than a batch may have are refused before any of them exists', async () => {
    await expect(split(`{"events":[${'{},'.repeat(limits.batchEvents)}{}]}`)).rejects.toThrow(
      `events: must have at most ${limits.batchEvents} events`,
    );
  });

  const keys = Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join(',');
  it.each([
    ['an object of too many names', `{"metrics":{${keys}}}`],
    ['too many values', `{"a":[${'{},'.repeat(2 * limits.selectedClients)}{}]}`],
    ['too many values in many lists', `{"a":[${'[[],[]],'.repeat(limits.selectedClients)}1]}`],
  ])('%s costs only its own event', async (_, event) => {
    const { events } = await split(`{"events":[{"a":1},${event},{"b":2}]}`);
    expect(events).toEqual([{ a: 1 }, expect.any(OversizedEvent), { b: 2 }]);
  });

  it('a selection of the largest size is not too large', async () => {
    const ids = Array.from({ length: limits.selectedClients }, (_, n) => `c,{[${n}`);
    const { events } = await split(JSON.stringify({ events: [{ client_ids: ids }] }));
    expect(events).toEqual([{ client_ids: ids }]);
  });

  it.each([
    ['no events', '{"batch":1}'],
    ['events twice', '{"events":[],"events":[1]}'],
    ['an escaped name of the events', '{"\\u0065vents":[1]}'],
    ['a list', '[{"events":[1]}]'],
    ['nesting without end', `{"events":[${'['.repeat(1_000)}]}`],
    ['a text without end', '{"events":["a\\"]}'],
  ])('%s is refused', async (_, text) => {
    await expect(splitBody(Buffer.from(text))).rejects.toThrow('the body');
  });
});
