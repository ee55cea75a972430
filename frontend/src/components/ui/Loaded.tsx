import type { ReactNode } from 'react';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { Alert } from './Alert.tsx';
import { Skeleton } from './Skeleton.tsx';

interface LoadedProps<T> {
  /** What is loaded, as the subject of a sentence: "The users". */
  readonly what: string;
  /** The size of what is loaded, so that nothing below moves when it is there. */
  readonly skeleton?: string;
  readonly answer: { readonly data: T | undefined; readonly error: unknown };
  readonly children: (data: T) => ReactNode;
}

/** The faces of what is fetched: loading, failed, old because the last try failed, and there. */
export function Loaded<T>({ what, skeleton = 'h-40', answer: { data, error }, children }: LoadedProps<T>) {
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
          <Skeleton className={skeleton} />
        </div>
      ) : null}
    </>
  );
}
