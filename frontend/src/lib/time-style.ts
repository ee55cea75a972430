/** How moments are written: by the reader's own clock, by UTC, or as their age. */
export type TimeStyle = 'local' | 'utc' | 'relative';

const storageKey = 'rondo-times';
const listeners = new Set<() => void>();

export function readTimeStyle(): TimeStyle {
  const chosen = localStorage.getItem(storageKey);
  return chosen === 'utc' || chosen === 'relative' ? chosen : 'local';
}

export function writeTimeStyle(style: TimeStyle): void {
  if (style === 'local') localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, style);
  for (const listener of listeners) listener();
}

export function onTimeStyleChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
