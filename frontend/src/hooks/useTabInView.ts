import { type RefObject, useEffect, useRef } from 'react';

/** Scrolls a strip of tabs sideways until the current one is in its middle: on a phone the strip is wider than the screen. */
export function useTabInView(current: string | null): RefObject<HTMLElement | null> {
  const strip = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is current.
  useEffect(() => {
    const tab = strip.current?.querySelector<HTMLElement>('[aria-current="page"]');
    if (!strip.current || !tab) return;
    strip.current.scrollLeft =
      tab.offsetLeft - strip.current.offsetLeft - (strip.current.clientWidth - tab.offsetWidth) / 2;
  }, [current]);
  return strip;
}
