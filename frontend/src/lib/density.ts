/** How much room the rows of tables and lists have. */
export type Density = 'comfortable' | 'compact';

/** The same key that `public/theme.js` reads before the first paint. */
const storageKey = 'rondo-density';
const listeners = new Set<() => void>();

export const readDensity = (): Density => (localStorage.getItem(storageKey) === 'compact' ? 'compact' : 'comfortable');

export function writeDensity(density: Density): void {
  if (density === 'comfortable') {
    localStorage.removeItem(storageKey);
    delete document.documentElement.dataset.density;
  } else {
    localStorage.setItem(storageKey, density);
    document.documentElement.dataset.density = density;
  }
  for (const listener of listeners) listener();
}

export function onDensityChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
