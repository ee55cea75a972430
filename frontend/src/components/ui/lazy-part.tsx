import { type ComponentType, type ReactNode, useState, useSyncExternalStore } from 'react';
import { createPartLoader, prefetchLater } from '../../lib/part-loader.ts';
import { isServerReachable } from '../../lib/server-version.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { PartFailure } from './PartFailure.tsx';

interface PartOptions<P> {
  /** As the subject of a sentence: "The stop dialog". */
  readonly what: string;
  readonly load: () => Promise<ComponentType<P>>;
  /** Shown while it loads. */
  readonly fallback?: ReactNode;
  /** A dialog or drawer is fetched when the browser is idle, and its failure is shown above the page. */
  readonly isDialog?: boolean;
}

type Dismissible = {
  /** Closes the message that a dialog could not be loaded. */
  readonly onDismiss?: () => void;
};

export type LazyPart<P extends object> = ComponentType<P & Dismissible> & {
  /** Fetches the code before it is rendered. */
  readonly prefetch: () => void;
};

/** A part whose code is fetched when it is first shown. A failure replaces this part only, and is tried again. [B1] */
export function lazyPart<P extends object>(options: PartOptions<P>): LazyPart<P> {
  const { what, load, fallback = null, isDialog = false } = options;
  const loader = createPartLoader(load, { isServerReachable, now: Date.now, random: Math.random });
  if (isDialog) prefetchLater(loader);

  function Part({ onDismiss, ...props }: P & Dismissible) {
    const state = useSyncExternalStore(loader.subscribe, loader.getState);
    const [isDismissed, setDismissed] = useState(false);
    if (state.state === 'loading') return fallback;
    if (state.state === 'loaded') {
      const Loaded = state.part;
      return (
        <ErrorBoundary what={what}>
          <Loaded {...(props as unknown as P)} />
        </ErrorBoundary>
      );
    }
    if (isDismissed) return null;
    const dismiss = () => {
      setDismissed(true);
      onDismiss?.();
    };
    return <PartFailure what={what} {...state} onRetry={loader.retry} onDismiss={isDialog ? dismiss : undefined} />;
  }
  return Object.assign(Part, { prefetch: loader.prefetch });
}
