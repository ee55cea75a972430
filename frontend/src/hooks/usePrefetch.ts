import { useEffect } from 'react';
import { prefetchParts } from '../lib/part-loader.ts';

/** Long enough for the page itself to be there first. */
const afterMs = 4_000;

/** Fetches dialogs and drawers while the server still answers. Each page brings its own, so each address asks again. */
export function usePrefetch(address: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page may have registered further parts.
  useEffect(() => {
    const timer = setTimeout(() => {
      if ('requestIdleCallback' in window) requestIdleCallback(prefetchParts);
      else prefetchParts();
    }, afterMs);
    return () => clearTimeout(timer);
  }, [address]);
}
