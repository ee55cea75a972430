import type { Login, SignIn, Ticket } from '@rondo/protocol';
import { api, bareApi } from './client.ts';
import { signedIn, signedOut } from './session.ts';

export async function login(credentials: Login): Promise<void> {
  const { data } = await bareApi.post<SignIn>('/api/auth/login', credentials);
  signedIn(data);
}

/** Uses up a one-time sign-in link. */
export async function redeemLink(token: string): Promise<void> {
  const { data } = await bareApi.post<SignIn>('/api/auth/link', { token });
  signedIn(data);
}

/** Signs out here in any case: a server that cannot be reached must not keep the session open on this screen. */
export async function logout(): Promise<void> {
  try {
    await api.post('/api/auth/logout');
  } finally {
    signedOut();
  }
}

export async function getTicket(): Promise<string> {
  const { data } = await api.post<Ticket>('/api/auth/ws-ticket');
  return data.ticket;
}
