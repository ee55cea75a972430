import type { ClientUpdate, Round, Run } from '@rondo/protocol';
import { admin } from './server.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** The dashboard as a program sees it, signed in as the admin. */
export class Rest {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  static async signIn({ url }: { readonly url: string }): Promise<Rest> {
    const { access_token } = await answer<{ access_token: string }>(
      await fetch(`${url}/api/auth/login`, json('POST', admin)),
    );
    return new Rest(url, access_token);
  }

  /** Whatever comes, errors too. */
  request(path: string, method = 'GET', body?: unknown): Promise<Response> {
    const options = body === undefined ? { method, headers: {} } : json(method, body);
    const headers = { ...options.headers, authorization: `Bearer ${this.#token}` };
    return fetch(`${this.#url}${path}`, { ...options, headers });
  }

  async createKey(name: string): Promise<string> {
    const { key } = await answer<{ key: string }>(await this.request('/api/keys', 'POST', { name }));
    return key;
  }

  runs = async () => answer<Page<Run>>(await this.request('/api/runs'));

  /** All of them, oldest first. */
  async rounds(run_id: string): Promise<Round[]> {
    const found: Round[] = [];
    for (let total = 1; found.length < total; ) {
      const query = new URLSearchParams({ run_id, limit: '100', offset: String(found.length) });
      const page = await answer<Page<Round>>(await this.request(`/api/rounds?${query}`));
      if (page.items.length === 0) break;
      total = page.total;
      found.push(...page.items);
    }
    return found.sort((a, b) => a.round - b.round);
  }

  round = async (round_id: number) =>
    answer<Round & { client_updates: ClientUpdate[] }>(await this.request(`/api/rounds/${round_id}`));
}

const json = (method: string, body: unknown) => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function answer<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
