import type { ReactNode } from 'react';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { Alert } from './Alert.tsx';
import { Skeleton } from './Skeleton.tsx';

interface LoadedProps<T> {
  /** What is loaded, as the subject of a sentence: "The users". */
  readonly what: string;
  readonly answer: { readonly data: T | undefined; readonly error: unknown };
  readonly children: (data: T) => ReactNode;
}

/** The faces of what is fetched: loading, failed, old because the last try failed, and there. */
export function Loaded<T>({ what, answer: { data, error }, children }: LoadedProps<T>) {
  const problem = useProblemDetail(error);
  return (
    <>
      {problem !== null && (
        <div className="mb-3">
          <Alert>
            {what} could not be loaded. {problem}
            {data !== undefined && ' What is shown is what was last known.'}
          </Alert>
        </div>
      )}
      {data !== undefined ? (
        children(data)
      ) : problem === null ? (
        <div role="status" aria-label={`${what} load`}>
          <Skeleton className="h-40" />
        </div>
      ) : null}
    </>
  );
}
