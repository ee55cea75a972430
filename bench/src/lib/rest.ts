import type { ClientUpdate, Round } from '@rondo/protocol';

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The dashboard as a program sees it, signed in. */
export class Rest {
  readonly token: string;
  readonly #url: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.token = token;
  }

  static async signIn(url: string, credentials: Credentials): Promise<Rest> {
    const response = await fetch(`${url}/api/auth/login`, post(credentials));
    const { access_token } = (await answerOf(response)) as { access_token: string };
    return new Rest(url, access_token);
  }

  async createKey(name: string): Promise<string> {
    const { key } = (await this.#request('/api/keys', post({ name }))) as { key: string };
    return key;
  }

  /** All rounds of a run, page by page. */
  async rounds(run_id: string): Promise<Round[]> {
    const rounds: Round[] = [];
    for (let total = Number.POSITIVE_INFINITY; rounds.length < total; ) {
      const query = new URLSearchParams({ run_id, limit: '200', offset: String(rounds.length) });
      const page = (await this.#request(`/api/rounds?${query}`)) as { items: Round[]; total: number };
      rounds.push(...page.items);
      total = page.items.length === 0 ? 0 : page.total;
    }
    return rounds;
  }

  async updatesOf(round_id: number): Promise<ClientUpdate[]> {
    const { client_updates } = (await this.#request(`/api/rounds/${round_id}`)) as { client_updates: ClientUpdate[] };
    return client_updates;
  }

  get(path: string): Promise<unknown> {
    return this.#request(path);
  }

  async #request(path: string, init: RequestInit = {}): Promise<unknown> {
    const headers = { ...init.headers, authorization: `Bearer ${this.token}` };
    return answerOf(await fetch(`${this.#url}${path}`, { ...init, headers }));
  }
}

const post = (body: unknown) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function answerOf(response: Response): Promise<unknown> {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
