import type { Me, SignIn } from '@rondo/protocol';

/** The access token lives only in the memory of this page; an HttpOnly cookie survives a reload. */
export type Session =
  | { readonly state: 'unknown' }
  | { readonly state: 'signed_out' }
  | { readonly state: 'signed_in'; readonly access_token: string; readonly user: Me };

let session: Session = { state: 'unknown' };
const listeners = new Set<() => void>();

export const getSession = (): Session => session;

export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const signedIn = ({ access_token, user }: SignIn): void => replace({ state: 'signed_in', access_token, user });

export function signedOut(): void {
  if (session.state !== 'signed_out') replace({ state: 'signed_out' });
}

function replace(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}
