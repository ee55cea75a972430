import { useCallback, useSyncExternalStore } from 'react';

/** Whether the screen is as a media query says, such as narrower than a phone. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** Three columns have room: a wall or a large desk. */
export const useIsWide = (): boolean => useMedia('(min-width: 118rem)');

/** Tailwind's `max-sm`. */
export const useIsPhone = (): boolean => useMedia('(max-width: 639.98px)');
