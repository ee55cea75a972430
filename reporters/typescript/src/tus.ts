import type { Http, HttpAnswer } from './http.ts';

/** The content to upload: any part of it, as often as requested. */
export interface TusSource {
  readonly size: number;
  blocks(start: number, size: number): AsyncIterable<Uint8Array>;
}

interface TusOptions {
  readonly http: Http;
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly source: TusSource;
  readonly partBytes: number;
  readonly signal: AbortSignal;
  readonly onProgress: () => void;
}

// A smaller bound than this lets nothing else of Rondo pass either.
export const leastPartBytes = 64 * 1024;

/** The server refused a step. */
export class TusRefusal extends Error {
  override readonly name = 'TusRefusal';
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super(`HTTP ${answer.status}: ${answer.text.slice(0, 300)}`);
    this.answer = answer;
  }
}

/** A bound for request bodies between here and the server, such as that of a proxy, does not let a part pass. */
export class PartTooLarge extends TusRefusal {}

// Nothing moves for so long: the connection is lost.
const silentMs = 30_000;

/**
 * A small tus 1.0 client: one upload, in parts, resumed at the server's offset. [R28] A step rejects with `TusRefusal`
 * or with the connection's error; the caller decides whether to retry.
 */
export class TusUpload {
  readonly #options: TusOptions;
  #path: string | null = null;
  #offset = 0;
  #partBytes: number;

  constructor(options: TusOptions) {
    this.#options = options;
    this.#partBytes = options.partBytes;
  }

  get partBytes(): number {
    return this.#partBytes;
  }

  /** The size of the next part. */
  get nextBytes(): number {
    return Math.min(this.#partBytes, this.#options.source.size - this.#offset);
  }

  /** Sends smaller parts from now on; returns whether that is possible. */
  halvePart(): boolean {
    const bytes = this.nextBytes;
    if (bytes <= leastPartBytes) return false;
    this.#partBytes = Math.max(leastPartBytes, bytes >> 1);
    return true;
  }

  get isDone(): boolean {
    return this.#path !== null && this.#offset >= this.#options.source.size;
  }

  /** True if the next part completes the model. */
  get isLastPart(): boolean {
    return this.#offset + this.#partBytes >= this.#options.source.size;
  }

  /** Creates the upload, or asks how far it has come. */
  async begin(): Promise<void> {
    if (this.#path === null) {
      await this.#create();
      return;
    }
    const answer = await this.#request('HEAD', this.#path, {});
    if (answer.status === 404 || answer.status === 410) {
      this.#path = null;
      await this.#create();
      return;
    }
    this.#offset = offsetIn(must(answer, 200, 204)) ?? 0;
  }

  async sendPart(): Promise<void> {
    const { source } = this.#options;
    const size = this.nextBytes;
    const headers = {
      'upload-offset': String(this.#offset),
      'content-type': 'application/offset+octet-stream',
      'content-length': String(size),
    };
    const answer = await this.#request('PATCH', this.#path ?? '', headers, source.blocks(this.#offset, size));
    if (answer.status === 413) throw new PartTooLarge(answer);
    this.#offset = offsetIn(must(answer, 204, 200)) ?? this.#offset + size;
  }

  async cancel(): Promise<void> {
    if (this.#path !== null) await this.#request('DELETE', this.#path, {});
    this.#path = null;
  }

  async #create(): Promise<void> {
    const { metadata, source } = this.#options;
    const headers = {
      'upload-length': String(source.size),
      'upload-metadata': encodeMetadata(metadata),
      'content-length': '0',
    };
    const answer = must(await this.#request('POST', '/api/uploads', headers), 201, 200);
    // Only its path: the server may know itself by another name than the one that leads to it.
    const place = URL.parse(answer.headers.location ?? '', 'http://server/api/uploads');
    if (place === null || answer.headers.location === undefined) throw new TusRefusal(answer);
    // The path before `/api/uploads/` is the prefix of our own address.
    this.#path = place.pathname.slice(Math.max(0, place.pathname.indexOf('/api/uploads/')));
    this.#offset = offsetIn(answer) ?? 0;
  }

  async #request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: AsyncIterable<Uint8Array>,
  ): Promise<HttpAnswer> {
    const { http, signal, onProgress } = this.#options;
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error(`nothing moved for ${silentMs} ms`)), silentMs).unref();
    const onMoved = () => {
      timer.refresh();
      onProgress();
    };
    try {
      return await http({
        method,
        path,
        headers: { ...this.#options.headers, 'tus-resumable': '1.0.0', ...headers },
        signal: AbortSignal.any([signal, silence.signal]),
        ...(body && { body: watched(body, onMoved) }),
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

export const encodeMetadata = (entries: Readonly<Record<string, string>>): string =>
  Object.entries(entries)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

async function* watched(blocks: AsyncIterable<Uint8Array>, onMoved: () => void): AsyncGenerator<Uint8Array> {
  for await (const block of blocks) {
    onMoved();
    yield block;
  }
}

function must(answer: HttpAnswer, ...statuses: number[]): HttpAnswer {
  if (!statuses.includes(answer.status)) throw new TusRefusal(answer);
  return answer;
}

function offsetIn({ headers }: HttpAnswer): number | null {
  const offset = headers['upload-offset'];
  return typeof offset === 'string' && /^\d+$/.test(offset) ? Number(offset) : null;
}
