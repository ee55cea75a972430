import { type ReactNode, startTransition, useEffect, useState } from 'react';

interface DeferredProps {
  /** Holds the place, so that nothing moves when the content is there. */
  readonly fallback: ReactNode;
  readonly children: ReactNode;
}

/** A run that changes many times a second would interrupt the slices again and again; after this long there are none. */
const mostMs = 300;

/** Content that comes after what surrounds it, rendered in slices between which the browser can paint and answer. */
export function Deferred({ fallback, children }: DeferredProps) {
  const [isTime, setTime] = useState(false);
  useEffect(() => {
    startTransition(() => setTime(true));
    const timer = setTimeout(() => setTime(true), mostMs);
    return () => clearTimeout(timer);
  }, []);
  return isTime ? children : fallback;
}
