import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../testing/auth/people.ts';
import { createTtlCache } from './ttl-cache.ts';

describe('the cache', () => {
  it('asks once within the time to live, however many ask it', async () => {
    const { cache, clock, loads } = makeCache();
    await Promise.all([cache.get('a'), cache.get('a')]);
    clock.advance(999);
    await cache.get('a');
    expect(loads).toEqual(['a']);
  });

  it('asks again when the time to live is over', async () => {
    const { cache, clock, loads } = makeCache();
    await cache.get('a');
    clock.advance(1_000);
    await cache.get('a');
    expect(loads).toEqual(['a', 'a']);
  });

  it('drops what it loaded first when it is full', async () => {
    const { cache, loads } = makeCache();
    for (const key of ['a', 'b', 'c', 'b', 'a']) await cache.get(key);
    expect(loads).toEqual(['a', 'b', 'c', 'a']);
  });

  it('lets a value that is set win over a load under way', async () => {
    const { cache } = makeCache();
    const underWay = cache.get('a');
    cache.set('a', 'set');
    await underWay;
    expect(await cache.get('a')).toBe('set');
  });
});

function makeCache() {
  const clock = fakeClock();
  const loads: string[] = [];
  const load = async (key: string) => {
    loads.push(key);
    return `loaded ${key}`;
  };
  return { clock, loads, cache: createTtlCache({ ttlMs: 1_000, max: 2, now: clock.now, load }) };
}
