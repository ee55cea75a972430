import { useCallback } from 'react';
import { useSWRConfig } from 'swr';
import { useAction } from './useSession.ts';

/** An action of the user, after which every response that it may have changed is fetched again. */
export function useChange<A extends unknown[]>(
  action: (...args: A) => Promise<unknown>,
  isAffected: (path: unknown) => boolean,
) {
  const { mutate } = useSWRConfig();
  return useAction(
    useCallback(
      async (...args: A) => {
        await action(...args);
        await mutate(isAffected);
      },
      [action, isAffected, mutate],
    ),
  );
}
