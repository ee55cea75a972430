import { useEffect, useRef, useState } from 'react';
import { throttle } from '../lib/throttle.ts';
import { type FLState, shownState, useFLStore } from '../store/fl-store.ts';

export { useMetricNames, useRuns, useSeries } from './useResources.ts';

/**
 * The state on screen, the smallest part that is needed: `useFLData((s) => s.viewer.clients[id])`. It is live, or as it was
 * at the moment that is looked at.
 */
export function useFLData<T>(select: (state: FLState) => T): T {
  return useFLStore((state) => select(shownState(state)));
}

/**
 * A view that costs too much for every frame (sorting 10,000 clients): computed at once, then at most once in
 * `intervalMs`. Keeps its reference while `isEqual` says nothing changed. `dependencies` are what `select` closes over.
 */
export function useSlowFLData<T>(
  select: (state: FLState) => T,
  intervalMs: number,
  isEqual: (a: T, b: T) => boolean,
  dependencies: readonly unknown[],
): T {
  const key = dependencies.join('\n');
  const latest = useRef({ select, isEqual });
  const [view, setView] = useState(() => ({ key, value: select(shownState(useFLStore.getState())) }));

  useEffect(() => {
    latest.current = { select, isEqual };
  });

  useEffect(() => {
    const compute = throttle(() => {
      const value = latest.current.select(shownState(useFLStore.getState()));
      setView((before) =>
        before.key === key && latest.current.isEqual(before.value, value) ? before : { key, value },
      );
    }, intervalMs);
    compute();
    const unsubscribe = useFLStore.subscribe((state, before) => {
      if (state.viewer !== before.viewer || state.past !== before.past) compute();
    });
    return () => {
      unsubscribe();
      compute.cancel();
    };
  }, [key, intervalMs]);

  // A new question is answered in the same render, not one frame late.
  return view.key === key ? view.value : select(shownState(useFLStore.getState()));
}
