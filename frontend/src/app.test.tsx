import { act, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { beforeEach, expect, it, vi } from 'vitest';
import { api, bareApi } from './api/client.ts';
import { signedIn, signedOut } from './api/session.ts';
import { App } from './app.tsx';
import { useFLStore } from './store/fl-store.ts';
import { FakeSocket } from './test/fake-socket.ts';

const user = { username: 'ada', role: 'viewer' } as const;
const signIn = { access_token: 't', token_type: 'bearer', expires_in: 900, user } as const;

/** What each address answers; anything else is 401. */
let answers: Record<string, unknown> = {};

beforeEach(() => {
  vi.stubGlobal('WebSocket', FakeSocket);
  FakeSocket.all = [];
  useFLStore.getState().reset();
  answers = {};
  const adapter = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    const data = answers[config.url?.split('?')[0] ?? ''];
    const response = { status: data === undefined ? 401 : 200, data, statusText: '', headers: {}, config };
    if (data !== undefined) return response;
    response.data = { detail: 'Wrong username or password.' };
    throw new AxiosError('refused', '', config, null, response);
  };
  api.defaults.adapter = adapter;
  bareApi.defaults.adapter = adapter;
});

const open = (address: string) => {
  history.replaceState(null, '', address);
  return render(<App />);
};

it('asks to sign in, says what went wrong, and returns to where one was', async () => {
  signedOut();
  open('/runs');
  await screen.findByTestId('login-form');
  fireEvent.change(screen.getByLabelText('Username'), { target: { value: 'ada' } });
  fireEvent.change(screen.getByLabelText('Password'), { target: { value: 'no' } });
  fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  expect((await screen.findByRole('alert')).textContent).toBe('Wrong username or password.');

  answers = {
    '/api/auth/login': signIn,
    '/api/auth/ws-ticket': { ticket: 'x' },
    '/api/runs': { items: [], total: 0, limit: 100, offset: 0 },
  };
  fireEvent.change(screen.getByLabelText('Password'), { target: { value: 'yes' } });
  fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await screen.findByRole('heading', { name: 'Runs' });
  expect(location.pathname).toBe('/runs');
  await screen.findByText('No run yet', { selector: 'p' });
});

it('offers single sign-on where the server has it, and says in its own words why that failed', async () => {
  signedOut();
  answers = { '/api/auth/methods': { password: true, oidc: { name: 'Hospital login' } } };
  open('/login?problem=not_allowed');
  const link = await screen.findByRole('link', { name: 'Hospital login' });
  expect(link.getAttribute('href')).toBe('/api/auth/oidc/start?return_to=%2F');
  expect(screen.getByRole('alert').textContent).toContain('has no role here');
});

it('never shows words that came with the address', async () => {
  signedOut();
  open('/login?problem=Call+this+number');
  expect((await screen.findByRole('alert')).textContent).toContain('The sign-in did not work.');
  expect(document.body.textContent).not.toContain('Call this number');
});

it('a session that ends leads to the login page, and ends the live connection', async () => {
  signedIn(signIn);
  answers = { '/api/auth/ws-ticket': { ticket: 'x', expires_in: 30 }, '/api/runs': { items: [], total: 0 } };
  open('/');
  await waitFor(() => expect(FakeSocket.all.length).toBeGreaterThan(0));
  act(() => signedOut());
  await screen.findByTestId('login-form');
  expect(FakeSocket.all.every((socket) => socket.closedWith.join() === '1000')).toBe(true);
});

it('a one-time link signs in, and its token is wiped from the address', async () => {
  signedOut();
  answers = { '/api/auth/link': signIn, '/api/auth/ws-ticket': { ticket: 'x' }, '/api/runs': { items: [], total: 0 } };
  open('/sign-in#token=secret');
  expect(location.href).not.toContain('secret');
  await screen.findByTestId('connection-status');
  expect(location.pathname).toBe('/');
});

it('a link that was used says so, with another way in', async () => {
  signedOut();
  open('/sign-in#token=used');
  await screen.findByRole('heading', { name: 'This link no longer works' });
  screen.getByRole('link', { name: 'Sign in with a password' });
});

it('an address that leads nowhere says so', async () => {
  signedIn(signIn);
  answers = { '/api/auth/ws-ticket': { ticket: 'x' }, '/api/runs': { items: [], total: 0 } };
  open('/nowhere');
  await screen.findByRole('heading', { name: 'There is no such page' });
});
