import { setTimeout as wait } from 'node:timers/promises';
import { normalizeAddress } from '../address.ts';
import { defaultUrl } from '../options.ts';

export type Query = Readonly<Record<string, unknown>>;

/** The dashboard refused a request, or did not answer. */
export class ReadError extends Error {
  /** The HTTP status; null when no answer arrived. */
  readonly status: number | null;

  constructor(message: string, status: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly next?: string | null;
}

const timeoutMs = 30_000;
// Pauses of 0.5, 1 and 2 s between them.
const tries = 4;
const pageItems = 200;

/** The REST interface of one dashboard, with an API key of the scope `read`. */
export class Api {
  readonly url: string;
  readonly key: string;

  constructor(url: string | undefined, key: string | undefined) {
    const address = normalizeAddress(url ?? (process.env.RONDO_URL || defaultUrl));
    if (address === null) throw new ReadError('the address must begin with http:// or https://');
    this.url = address;
    this.key = key ?? process.env.RONDO_API_KEY ?? '';
    if (this.key === '')
      throw new ReadError('a key is missing: pass one, or set RONDO_API_KEY to an API key with the scope read');
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return (await this.open(path, query)).json() as Promise<T>;
  }

  /** The items of a list, page by page, by cursor where the list has one. */
  async *pages<T>(path: string, query: Query = {}): AsyncGenerator<T> {
    let position: Query = {};
    for (let seen = 0; ; ) {
      const page = await this.get<Page<T>>(path, { ...query, ...position, limit: pageItems });
      yield* page.items;
      seen += page.items.length;
      if (typeof page.next === 'string') position = { cursor: page.next };
      else if (page.next === undefined && page.items.length > 0 && seen < page.total) position = { offset: seen };
      else return;
    }
  }

  /** An answer whose body is still to be read. */
  async open(path: string, query: Query = {}): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt === tries;
      try {
        const answer = await this.#ask(`${path}${textOf(query)}`);
        if (answer.ok) return answer;
        const isPassing = [429, 502, 503, 504].includes(answer.status);
        if (isLast || !isPassing) throw new ReadError(await refusal(answer, path), answer.status);
        await answer.body?.cancel();
      } catch (error) {
        if (error instanceof ReadError) throw error;
        if (isLast) throw new ReadError(`the dashboard at ${this.url} does not answer`, null, { cause: error });
      }
      await wait(250 * 2 ** attempt);
    }
  }

  #ask(path: string): Promise<Response> {
    const abort = new AbortController();
    // For the beginning of an answer only: a long download may take its time.
    const timer = setTimeout(() => abort.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    // The key goes to no other address.
    return fetch(`${this.url}${path}`, {
      headers: { authorization: `Bearer ${this.key}` },
      redirect: 'error',
      signal: abort.signal,
    }).finally(() => clearTimeout(timer));
  }
}

/** Parts of an address, each escaped. */
export const pathOf = (...parts: readonly (string | number)[]): string =>
  `/api/${parts.map((part) => encodeURIComponent(part)).join('/')}`;

function textOf(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((each): [string, string][] => (each == null ? [] : [[name, String(each)]])),
  );
  return pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : '';
}

async function refusal(answer: Response, path: string): Promise<string> {
  const said = (await answer.json().catch(() => null)) as { readonly detail?: string } | null;
  const hint = answer.status === 401 || answer.status === 403 ? '; use an API key with the scope read' : '';
  return `${path}: HTTP ${answer.status}: ${said?.detail ?? answer.statusText}${hint}`;
}
