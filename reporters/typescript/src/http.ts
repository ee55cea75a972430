import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';

interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One HTTP request; rejects when no whole answer came. */
export type Http = (request: HttpRequest) => Promise<HttpAnswer>;

export interface PostRequest {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** One batch on its way; rejects when no whole answer came. */
export type Post = (request: PostRequest) => Promise<PostAnswer>;

// The details of a batch in which every event is refused are about 1 MiB.
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Requests to one address over one connection that is kept open. Not `fetch`: its sockets hold the process until the answer
 * comes, and a finished training must be able to exit. [R15] Redirects are not followed, so the key goes nowhere else. [R16]
 */
export function createHttp(url: string): Http {
  const base = url.trim().replace(/\/+$/, '');
  const isSecure = /^https:/i.test(base);
  const request = isSecure ? httpsRequest : httpRequest;
  let agent: HttpAgent | undefined;

  const attempt: Http = ({ method, path, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      // Not before: a proxy that is misspelt is an address that cannot be reached, not a reason to throw. [R1]
      agent ??= makeAgent(base, isSecure);
      const sent = request(`${base}${path}`, { method, agent, signal, headers }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxAnswerBytes) sent.destroy(new Error('the answer is too long to be ours'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          });
          // Refused before all of it was sent: the rest would be taken for the next request.
          if (!sent.writableFinished) sent.destroy();
        });
      });
      sent.on('socket', (socket) => socket.unref());
      const isRepeatable = body === undefined || body instanceof Uint8Array;
      sent.on('error', (error) =>
        reject(isRepeatable && sent.reusedSocket && wasClosed(error) ? new IdleClosed(error.message) : error),
      );
      if (isRepeatable) sent.end(body);
      else stream(body, sent);
    });

  return (asked) =>
    attempt(asked).catch((error: unknown) => {
      // Once, over a new connection: that the other side has closed an idle one is no outage.
      if (error instanceof IdleClosed) return attempt(asked);
      throw error;
    });
}

/** The connection had been kept open, and was closed by the other side before it answered. */
class IdleClosed extends Error {}

const wasClosed = (error: Error): boolean => 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');

/** A hospital's network is often left by a proxy only; the machine itself is not reached by one. */
function makeAgent(url: string, isSecure: boolean): HttpAgent {
  const isHere = /^(localhost|127\..*|\[::1\])$/.test(URL.parse(url)?.hostname ?? '');
  const Agent = isSecure ? HttpsAgent : HttpAgent;
  try {
    return new Agent({ keepAlive: true, maxSockets: 1, ...(!isHere && { proxyEnv: process.env }) });
  } catch {
    // Its own message shows the address, and with it a password. [R16]
    throw new Error('the proxy address in HTTP_PROXY or HTTPS_PROXY is not valid; check its port');
  }
}

function stream(body: AsyncIterable<Uint8Array>, sent: ReturnType<typeof httpRequest>): void {
  const source = Readable.from(body, { objectMode: false });
  source.on('error', (error) => sent.destroy(error));
  sent.on('close', () => source.destroy());
  source.pipe(sent);
}

export function createHttpPost(http: Http): Post {
  return async ({ body, headers, signal }) => {
    const sized = { ...headers, 'content-length': String(body.length) };
    const answer = await http({ method: 'POST', path: '/api/ingest', headers: sized, body, signal });
    return { status: answer.status, retryAfter: answer.headers['retry-after'] ?? null, text: answer.text };
  };
}
