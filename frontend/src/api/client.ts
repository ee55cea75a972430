import type { SignIn } from '@rondo/protocol';
import axios, { AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import { basePath } from '../lib/base-path.ts';
import { observeServerDate } from '../lib/clock.ts';
import { getSession, signedIn, signedOut } from './session.ts';

interface Attempt extends InternalAxiosRequestConfig {
  /** The access token this try was sent with. */
  sentWith?: string | undefined;
  hasBeenRepeated?: boolean;
}

declare global {
  /** The answer to the request that `start.js` made; null where there was none. */
  var rondoRenewal: Promise<Response | null> | undefined;
}

const timeoutMs = 15_000;

/** Without the interceptors: what signs in or refreshes must not itself ask for a refresh. */
export const bareApi: AxiosInstance = axios.create({ baseURL: basePath, timeout: timeoutMs, withCredentials: true });

/** Everything else goes through here: it carries the access token, and a 401 refreshes the session once. */
export const api: AxiosInstance = axios.create({ baseURL: basePath, timeout: timeoutMs, withCredentials: true });

api.interceptors.request.use((config: Attempt) => {
  config.sentWith = accessToken();
  if (config.sentWith !== undefined) config.headers.set('Authorization', `Bearer ${config.sentWith}`);
  return config;
});

api.interceptors.response.use(
  (response) => {
    const date: unknown = response.headers.date;
    if (typeof date === 'string') observeServerDate(date);
    return response;
  },
  async (error: unknown) => {
    const attempt: Attempt | undefined = error instanceof AxiosError ? error.config : undefined;
    if (!attempt || !isUnauthorized(error)) throw error;
    if (attempt.hasBeenRepeated) {
      signedOut();
      throw error;
    }
    // The 401 of another request may have renewed the session before this response arrived.
    const isAlreadyRenewed = accessToken() !== undefined && accessToken() !== attempt.sentWith;
    if (!isAlreadyRenewed && !(await refreshSession())) throw error;
    attempt.hasBeenRepeated = true;
    return api.request(attempt);
  },
);

let refreshing: Promise<boolean> | null = null;

/** Trades the refresh cookie for a new access token; concurrent callers share the one request. */
export function refreshSession(): Promise<boolean> {
  refreshing ??= withTabLock(refresh).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** `false` when there is no session any more. Rejects when the server is out of reach: that proves nothing. */
async function refresh(): Promise<boolean> {
  const early = await takeEarlyRenewal();
  if (early !== null) return early;
  try {
    const { data } = await bareApi.post<SignIn>('/api/auth/refresh');
    signedIn(data);
    return true;
  } catch (error) {
    if (!isRefused(error)) throw error;
    signedOut();
    return false;
  }
}

/** What `start.js` requested before this code was there; null where that decides nothing. */
async function takeEarlyRenewal(): Promise<boolean | null> {
  const renewal = globalThis.rondoRenewal;
  globalThis.rondoRenewal = undefined;
  const response = await renewal?.catch(() => null);
  if (!response || (!response.ok && !isRefusal(response.status))) return null;
  if (!response.ok) {
    signedOut();
    return false;
  }
  const answer: SignIn | null = await response.json().catch(() => null);
  if (answer === null) return null;
  signedIn(answer);
  return true;
}

/** The cookie is shared by all tabs and changes with each use, so only one tab may use it at a time. */
function withTabLock(task: () => Promise<boolean>): Promise<boolean> {
  return 'locks' in navigator ? navigator.locks.request('rondo-refresh', task) : task();
}

function accessToken(): string | undefined {
  const session = getSession();
  return session.state === 'signed_in' ? session.access_token : undefined;
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof AxiosError ? error.response?.status : undefined;

export const isNotFound = (error: unknown): boolean => statusOf(error) === 404;

export const isUnauthorized = (error: unknown): boolean => statusOf(error) === 401;

/** The server has understood and said no: asking again changes nothing. */
export const isRefused = (error: unknown): boolean => {
  const status = statusOf(error);
  return status !== undefined && isRefusal(status);
};

const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 429;
