import { type ReactNode, startTransition, useEffect, useState } from 'react';

interface DeferredProps {
  /** Holds the place, so that nothing moves when the content is there. */
  readonly fallback: ReactNode;
  readonly children: ReactNode;
}

/** Content that comes after what surrounds it, rendered in slices between which the browser can paint and answer. */
export function Deferred({ fallback, children }: DeferredProps) {
  const [isTime, setTime] = useState(false);
  useEffect(() => startTransition(() => setTime(true)), []);
  return isTime ? children : fallback;
}
