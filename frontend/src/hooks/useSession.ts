import { useCallback, useState, useSyncExternalStore } from 'react';
import { useSWRConfig } from 'swr';
import { login, logout } from '../api/auth.ts';
import { refreshSession } from '../api/client.ts';
import { problemDetail } from '../api/problem.ts';
import { getSession, onSessionChange, type Session } from '../api/session.ts';
import { useFLStore } from '../store/fl-store.ts';

export const useSession = (): Session => useSyncExternalStore(onSessionChange, getSession);

export const useIsAdmin = (): boolean => {
  const session = useSession();
  return session.state === 'signed_in' && session.user.role === 'admin';
};

export type Progress =
  | { readonly state: 'idle' }
  | { readonly state: 'busy' }
  | { readonly state: 'failed'; readonly detail: string };

/** Runs an action of the user's and keeps how it goes. Resolves to whether it succeeded. */
export function useAction<A extends unknown[]>(
  action: (...args: A) => Promise<unknown>,
): [Progress, (...args: A) => Promise<boolean>] {
  const [progress, setProgress] = useState<Progress>({ state: 'idle' });
  const run = useCallback(
    async (...args: A) => {
      setProgress({ state: 'busy' });
      try {
        await action(...args);
        setProgress({ state: 'idle' });
        return true;
      } catch (error) {
        setProgress({ state: 'failed', detail: problemDetail(error) });
        return false;
      }
    },
    [action],
  );
  return [progress, run];
}

export const useLogin = () => useAction(login);
export const useRefreshSession = () => useAction(refreshSession);

/** Signs out and forgets what was shown: the next user of this screen may not be allowed to see it. */
export function useLogout(): () => Promise<void> {
  const { mutate } = useSWRConfig();
  return useCallback(async () => {
    await logout().catch(() => {
      // Signed out here all the same; the server's session ends when its cookie does.
    });
    useFLStore.getState().reset();
    await mutate(() => true, undefined, { revalidate: false });
  }, [mutate]);
}
