import type { Clock } from './clock.ts';

interface Options<V> {
  readonly ttlMs: number;
  readonly max: number;
  readonly now: Clock;
  readonly load: (key: string) => Promise<V>;
}

/** Keeps what `load` answered for `ttlMs`, failures too; past `max` entries the one loaded first is dropped. */
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
    /** What is kept, without a load. */
    peek: (key: string): Promise<V> | undefined => {
      const entry = entries.get(key);
      return entry && now() < entry.until ? entry.value : undefined;
    },
    delete: (key: string): void => {
      entries.delete(key);
    },
    /** Replaces what a load that is still under way will answer, too. */
    set: (key: string, value: V): void => keep(key, Promise.resolve(value)),
  };
}
