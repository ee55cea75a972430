import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { api, bareApi, refreshSession } from './client.ts';
import { problemDetail } from './problem.ts';
import { getSession, onSessionChange, signedIn, signedOut } from './session.ts';

const user = { username: 'ada', role: 'viewer' } as const;
const signIn = (access_token: string) => ({ access_token, token_type: 'bearer', expires_in: 900, user }) as const;

interface Answer {
  readonly status: number;
  readonly data?: unknown;
}

/** Answers requests as a server would, through axios's own edge. */
function serve(answer: (config: InternalAxiosRequestConfig) => Answer | null) {
  const adapter = vi.fn(async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    const answered = answer(config);
    if (answered === null) throw new AxiosError('Network Error', AxiosError.ERR_NETWORK, config);
    const response = { ...answered, data: answered.data ?? {}, statusText: '', headers: {}, config };
    if (answered.status < 400) return response;
    throw new AxiosError('failed', AxiosError.ERR_BAD_REQUEST, config, null, response);
  });
  api.defaults.adapter = adapter;
  bareApi.defaults.adapter = adapter;
  return (url: string) => adapter.mock.calls.filter(([config]) => config.url === url).length;
}

const tokenOf = (config: InternalAxiosRequestConfig) => config.headers.get('Authorization');

beforeEach(() => signedIn(signIn('old')));

describe('a 401', () => {
  it('Token expiry: refreshes the session once and repeats the request with the new token', async () => {
    const count = serve((config) => {
      if (config.url === '/api/auth/refresh') return { status: 200, data: signIn('new') };
      return tokenOf(config) === 'Bearer new' ? { status: 200, data: 'fine' } : { status: 401 };
    });
    expect((await api.get('/api/runs')).data).toBe('fine');
    expect(count('/api/auth/refresh')).toBe(1);
    expect(getSession()).toMatchObject({ state: 'signed_in', access_token: 'new' });
  });

  it('shares one refresh between all requests that fail together', async () => {
    const count = serve((config) => {
      if (config.url === '/api/auth/refresh') return { status: 200, data: signIn('new') };
      return tokenOf(config) === 'Bearer new' ? { status: 200 } : { status: 401 };
    });
    await Promise.all(['/a', '/b', '/c', '/d'].map((url) => api.get(url)));
    expect(count('/api/auth/refresh')).toBe(1);
  });

  it('Token expiry redirects to login (HTTP 401 → frontend): signs out when the refresh is refused too', async () => {
    const listener = vi.fn();
    const unsubscribe = onSessionChange(listener);
    const count = serve(() => ({ status: 401 }));
    await expect(api.get('/api/runs')).rejects.toBeInstanceOf(AxiosError);
    expect(getSession().state).toBe('signed_out');
    expect(listener).toHaveBeenCalledTimes(1);
    expect(count('/api/runs')).toBe(1);
    unsubscribe();
  });

  it('never loops: a repeated request that is refused again signs out', async () => {
    const count = serve((config) =>
      config.url === '/api/auth/refresh' ? { status: 200, data: signIn('new') } : { status: 401 },
    );
    await expect(api.get('/api/runs')).rejects.toBeInstanceOf(AxiosError);
    expect(count('/api/runs')).toBe(2);
    expect(count('/api/auth/refresh')).toBe(1);
    expect(getSession().state).toBe('signed_out');
  });

  it('keeps the session when the server cannot be reached: that proves nothing', async () => {
    serve((config) => (config.url === '/api/auth/refresh' ? null : { status: 401 }));
    await expect(api.get('/api/runs')).rejects.toBeInstanceOf(AxiosError);
    expect(getSession().state).toBe('signed_in');
  });
});

it('sends the access token, and none while signed out', async () => {
  const seen: unknown[] = [];
  serve((config) => {
    seen.push(tokenOf(config) ?? null);
    return { status: 200 };
  });
  await api.get('/a');
  signedOut();
  await api.get('/b');
  expect(seen).toEqual(['Bearer old', null]);
});

describe('the words for a failure', () => {
  const failure = (answer: Answer | null) => {
    serve(() => answer);
    return bareApi.get('/x').catch(problemDetail);
  };

  it('is the detail of the problem document', async () => {
    expect(await failure({ status: 409, data: { title: 'Conflict', detail: 'Round 3 is over.' } })).toBe(
      'Round 3 is over.',
    );
  });

  it('names the fields that were refused', async () => {
    const data = { title: 'Invalid', errors: [{ path: 'reason', message: 'must have 1 to 2000 characters' }] };
    expect(await failure({ status: 422, data })).toBe('reason: must have 1 to 2000 characters');
  });

  it('says when the server cannot be reached', async () => {
    expect(await failure(null)).toMatch(/cannot be reached/);
  });

  it('has words for an answer that is no problem document', async () => {
    expect(await failure({ status: 502, data: '<html>' })).toMatch(/502/);
  });
});

describe('the session that the page began to renew before this code was there', () => {
  const early = (status: number, body: unknown) => {
    globalThis.rondoRenewal = Promise.resolve(new Response(JSON.stringify(body), { status }));
  };

  it('is taken, once, instead of a second request', async () => {
    const requests = serve(() => ({ status: 200, data: signIn('second') }));
    early(200, signIn('early'));
    expect(await refreshSession()).toBe(true);
    expect(getSession()).toMatchObject({ state: 'signed_in', access_token: 'early' });
    expect(requests('/api/auth/refresh')).toBe(0);
    expect(await refreshSession()).toBe(true);
    expect(getSession()).toMatchObject({ access_token: 'second' });
  });

  it('is over where the server refused', async () => {
    const requests = serve(() => ({ status: 200, data: signIn('second') }));
    early(401, {});
    expect(await refreshSession()).toBe(false);
    expect(getSession()).toEqual({ state: 'signed_out' });
    expect(requests('/api/auth/refresh')).toBe(0);
  });

  it.each([
    ['a busy server', 429],
    ['a broken one', 503],
  ])('is requested again after %s', async (_, status) => {
    serve(() => ({ status: 200, data: signIn('second') }));
    early(status, {});
    expect(await refreshSession()).toBe(true);
    expect(getSession()).toMatchObject({ access_token: 'second' });
  });

  it('is requested again where the server was out of reach', async () => {
    serve(() => ({ status: 200, data: signIn('second') }));
    globalThis.rondoRenewal = Promise.resolve(null);
    expect(await refreshSession()).toBe(true);
  });
});
