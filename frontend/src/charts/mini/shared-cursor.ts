/** Where on x the pointer is, in any chart of a page. */
export interface SharedCursor {
  get(): number | null;
  set(x: number | null): void;
  subscribe(listener: (x: number | null) => void): () => void;
}

export function createSharedCursor(): SharedCursor {
  const listeners = new Set<(x: number | null) => void>();
  let shown: number | null = null;
  return {
    get: () => shown,
    set(x) {
      if (x === shown) return;
      shown = x;
      for (const listener of listeners) listener(x);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
