import { useEffect, useState } from 'react';
import { redeemLink } from '../api/auth.ts';
import { problemDetail } from '../api/problem.ts';

export type LinkProgress =
  | { readonly state: 'busy' }
  | { readonly state: 'done' }
  | { readonly state: 'failed'; readonly detail: string };

/** A link works once, and React mounts twice in development: the page keeps the one attempt. */
let attempt: Promise<void> | null = null;

/** Redeems the token in the address's fragment, and wipes it from the address and the history at once. */
export function useSignInLink(): LinkProgress {
  const [progress, setProgress] = useState<LinkProgress>({ state: 'busy' });
  useEffect(() => {
    const token = new URLSearchParams(location.hash.slice(1)).get('token');
    if (token !== null) {
      history.replaceState(history.state, '', location.pathname);
      attempt = redeemLink(token);
    }
    let isMounted = true;
    const tell = (next: LinkProgress) => isMounted && setProgress(next);
    if (attempt === null) {
      tell({
        state: 'failed',
        detail: 'The address has no sign-in token. Copy the whole link that the server printed.',
      });
    } else {
      attempt.then(
        () => tell({ state: 'done' }),
        (error: unknown) => tell({ state: 'failed', detail: problemDetail(error) }),
      );
    }
    return () => {
      isMounted = false;
    };
  }, []);
  return progress;
}
