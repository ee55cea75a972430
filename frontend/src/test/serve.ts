import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { api, bareApi } from '../api/client.ts';
import { signedIn } from '../api/session.ts';

interface Asked {
  /** Method and path, without the query. */
  readonly what: string;
  readonly url: string;
  readonly body: unknown;
}

/** What each `METHOD /path` answers: its data, or a refusal. Anything else is 404. */
export type Routes = Record<string, unknown>;

export class Refused {
  readonly status: number;
  readonly detail: string;
  constructor(status: number, detail: string) {
    this.status = status;
    this.detail = detail;
  }
}

/** Answers as a server would. Routes may be changed while the test runs; what was asked comes back in order. */
export function serve(routes: Routes): Asked[] {
  const asked: Asked[] = [];
  const adapter = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    const url = config.url ?? '';
    const what = `${(config.method ?? 'get').toUpperCase()} ${url.split('?')[0]}`;
    asked.push({ what, url, body: typeof config.data === 'string' ? JSON.parse(config.data) : config.data });
    const answer = what in routes ? routes[what] : new Refused(404, `nothing is served at ${what}`);
    const answered = { statusText: '', headers: {}, config };
    if (!(answer instanceof Refused)) return { ...answered, status: 200, data: answer };
    const { status, detail } = answer;
    throw new AxiosError('refused', '', config, null, { ...answered, status, data: { detail } });
  };
  api.defaults.adapter = adapter;
  bareApi.defaults.adapter = adapter;
  return asked;
}

export const changesOf = (asked: readonly Asked[]) => asked.filter(({ what }) => !what.startsWith('GET '));

export const signInAs = (role: 'viewer' | 'admin', username = 'ada') =>
  signedIn({ access_token: 't', token_type: 'bearer', expires_in: 900, user: { username, role } });
