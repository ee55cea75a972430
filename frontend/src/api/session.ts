/** Who is signed in. The access token lives in this page's memory only; what survives a reload is an HttpOnly cookie. */
export interface User {
  readonly username: string;
  readonly role: 'viewer' | 'admin';
}

export type Session =
  | { readonly state: 'unknown' }
  | { readonly state: 'signed_out' }
  | { readonly state: 'signed_in'; readonly access_token: string; readonly user: User };

/** What every way of signing in answers. */
export interface SignInAnswer {
  readonly access_token: string;
  readonly token_type: 'bearer';
  readonly expires_in: number;
  readonly user: User;
}

let session: Session = { state: 'unknown' };
const listeners = new Set<() => void>();

export const getSession = (): Session => session;

export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const signedIn = ({ access_token, user }: SignInAnswer): void =>
  replace({ state: 'signed_in', access_token, user });

export function signedOut(): void {
  if (session.state !== 'signed_out') replace({ state: 'signed_out' });
}

function replace(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}
