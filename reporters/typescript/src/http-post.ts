import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

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

/** One HTTP request; rejects when no whole answer came. */
export type Post = (request: PostRequest) => Promise<PostAnswer>;

// The details of a batch in which every event is refused are about 1 MiB.
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Posts to one address over one connection that is kept open. Not `fetch`: its sockets hold the process until the answer
 * comes, and a finished training must be able to exit. [R15] Redirects are not followed, so the key goes nowhere else. [R16]
 */
export function createHttpPost(url: string): Post {
  const isSecure = url.startsWith('https:');
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 1 });
  const request = isSecure ? httpsRequest : httpRequest;

  return ({ body, headers, signal }) =>
    new Promise((resolve, reject) => {
      const sent = request(
        url,
        { method: 'POST', agent, signal, headers: { ...headers, 'content-length': String(body.length) } },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > maxAnswerBytes) sent.destroy(new Error('the answer is too long to be ours'));
            else chunks.push(chunk);
          });
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              retryAfter: response.headers['retry-after'] ?? null,
              text: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      sent.on('socket', (socket) => socket.unref());
      sent.on('error', reject);
      sent.end(body);
    });
}
