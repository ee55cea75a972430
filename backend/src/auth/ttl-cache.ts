import type { Clock } from './clock.ts';

interface Options<V> {
  readonly ttlMs: number;
  readonly max: number;
  readonly now: Clock;
  readonly load: (key: string) => Promise<V>;
}

/** Caches the result of `load` for `ttlMs`, including failures. Past `max` entries it drops the oldest. */
export function createTtlCache<V>({ ttlMs, max, now, load }: Options<V>) {
  const entries = new Map<string, { readonly value: Promise<V>; readonly until: number }>();

  const keep = (key: string, value: Promise<V>) => {
    entries.delete(key);
    entries.set(key, { value, until: now() + ttlMs });
    if (entries.size <= max) return;
    const [first] = entries.keys();
    if (first !== undefined) entries.delete(first);
  };

  return {
    get(key: string): Promise<V> {
      const entry = entries.get(key);
      if (entry && now() < entry.until) return entry.value;
      const value = load(key);
      keep(key, value);
      return value;
    },
    /** Returns the cached value without loading. */
    peek: (key: string): Promise<V> | undefined => {
      const entry = entries.get(key);
      return entry && now() < entry.until ? entry.value : undefined;
    },
    delete: (key: string): void => {
      entries.delete(key);
    },
    /** Also replaces the result of a load that is still running. */
    set: (key: string, value: V): void => keep(key, Promise.resolve(value)),
  };
}
