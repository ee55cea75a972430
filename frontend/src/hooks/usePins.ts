import { useCallback, useSyncExternalStore } from 'react';

const storageKey = 'rondo-metric-pins';
/** More would be no choice. */
const maxPins = 24;

const listeners = new Set<() => void>();
let known: { readonly text: string | null; readonly pins: readonly string[] } = { text: null, pins: [] };

function readPins(): readonly string[] {
  const text = localStorage.getItem(storageKey);
  if (text === known.text) return known.pins;
  known = { text, pins: parse(text) };
  return known.pins;
}

function parse(text: string | null): readonly string[] {
  try {
    const stored: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(stored) ? stored.filter((name) => typeof name === 'string').slice(0, maxPins) : [];
  } catch {
    // Another version, or a person, wrote something else there.
    return [];
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', listener);
  };
}

/** Names of metrics that this browser keeps at the top, in every run that has them. */
export function usePins(): readonly [readonly string[], (name: string) => void] {
  const pins = useSyncExternalStore(subscribe, readPins);
  const toggle = useCallback((name: string) => {
    const before = readPins();
    const next = before.includes(name) ? before.filter((each) => each !== name) : [...before, name].slice(-maxPins);
    localStorage.setItem(storageKey, JSON.stringify(next));
    for (const listener of listeners) listener();
  }, []);
  return [pins, toggle];
}
