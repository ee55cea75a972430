import { backoffMs } from './backoff.ts';

/**
 * How the code of a part stands that is fetched when it is first needed.
 *
 *   loading ──▶ loaded
 *      │ ▲
 *      ▼ │ by itself at `retry_at`, or by hand
 *   waiting
 */
export type PartState<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'loaded'; readonly part: T }
  | {
      readonly state: 'waiting';
      /** `replaced`: the server answers, but no longer has this file, so a newer version is running. */
      readonly reason: 'unreachable' | 'replaced';
      readonly retry_at: number;
    };

export interface PartLoader<T> {
  readonly getState: () => PartState<T>;
  /** While there is a listener, the part is fetched until it is there. */
  readonly subscribe: (listener: () => void) => () => void;
  /** One attempt, without a word when it fails. */
  readonly prefetch: () => void;
  readonly retry: () => void;
}

export interface PartDeps {
  readonly isServerReachable: () => Promise<boolean>;
  readonly now: () => number;
  readonly random: () => number;
}

/** One failed request proves nothing: the next attempt follows after this long, before anything is shown. */
const firstRetryMs = 300;

const loading = { state: 'loading' } as const;

export function createPartLoader<T>(load: () => Promise<T>, deps: PartDeps): PartLoader<T> {
  const listeners = new Set<() => void>();
  let state: PartState<T> = loading;
  let attempts = 0;
  let isBusy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function become(next: PartState<T>): void {
    state = next;
    for (const listener of listeners) listener();
  }

  async function attempt(): Promise<void> {
    clearTimeout(timer);
    if (isBusy || state.state === 'loaded') return;
    isBusy = true;
    try {
      become({ state: 'loaded', part: await load() });
    } catch {
      // The browser says only that it failed; whether the server answers says why.
      const isReachable = await deps.isServerReachable();
      if (listeners.size > 0) waitAfterFailure(isReachable);
    } finally {
      isBusy = false;
    }
  }

  function waitAfterFailure(isReachable: boolean): void {
    attempts++;
    if (isReachable && attempts === 1) {
      timer = setTimeout(() => void attempt(), firstRetryMs);
      return;
    }
    const delayMs = 1_000 + backoffMs(attempts, deps.random);
    timer = setTimeout(() => void attempt(), delayMs);
    become({
      state: 'waiting',
      reason: isReachable ? 'replaced' : 'unreachable',
      retry_at: deps.now() + delayMs,
    });
  }

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) void attempt();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0 || state.state === 'loaded') return;
        clearTimeout(timer);
        attempts = 0;
        state = loading;
      };
    },
    prefetch: () => void attempt(),
    retry: () => void attempt(),
  };
}

/** Parts that are worth having before the server goes away: dialogs and drawers. */
const prefetched = new Set<PartLoader<unknown>>();

export const prefetchLater = (loader: PartLoader<unknown>): void => void prefetched.add(loader);

/** Fetches what was registered since the last call. */
export function prefetchParts(): void {
  for (const loader of prefetched) loader.prefetch();
  prefetched.clear();
}
