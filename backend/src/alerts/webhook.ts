import { lookup as lookupName } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isReachable, isWebPort, type Network } from './addresses.ts';
import { Failure } from './failure.ts';

export interface Resolved {
  readonly address: string;
  readonly family: number;
}

export interface WebhookRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowed: readonly Network[];
  readonly signal: AbortSignal;
  /** Every address of a name. */
  readonly resolve?: (host: string) => Promise<readonly Resolved[]>;
  readonly timeoutMs?: number;
}

const maxRedirects = 3;
const timeoutMs = 10_000;
/** An answer is read for its end only; nothing of it is kept. */
const maxAnswerBytes = 64 * 1024;

/** Posts the body, and says how it was answered. Throws `Failure`. [E10] */
export async function postWebhook(options: WebhookRequest): Promise<string> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs ?? timeoutMs)]);
  let url = new URL(options.url);
  for (let redirects = 0; ; redirects++) {
    const answer = await once(url, { ...options, signal });
    const { statusCode: status = 0, headers } = answer;
    if (status >= 200 && status < 300) return `the receiver answered ${status}`;
    if (status !== 307 && status !== 308) throw refusal(status, headers['retry-after']);
    if (redirects === maxRedirects) throw new Failure(`more than ${maxRedirects} redirects`, { isFinal: true });
    url = redirected(url, headers.location);
  }
}

function redirected(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href))
    throw new Failure('redirected to something that is no address');
  const to = new URL(location, from);
  if (from.protocol === 'https:' && to.protocol !== 'https:')
    throw new Failure('redirected from https to plain http', { isFinal: true });
  return to;
}

function refusal(status: number, retryAfter: string | undefined): Failure {
  if (status >= 300 && status < 400)
    return new Failure(`the receiver redirects with ${status}, which a POST does not follow: enter the final address`);
  const seconds = Number(retryAfter);
  // Gone says that no repetition helps.
  return new Failure(`the receiver answered ${status}`, {
    isFinal: status === 410,
    retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined,
  });
}

async function once(url: URL, options: WebhookRequest): Promise<IncomingMessage> {
  checkUrl(url, options.allowed);
  const { body, headers, signal, resolve = everyAddress } = options;
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((done, fail) => {
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      // A connection of its own, so that every request passes the lookup below.
      agent: false,
      // The connection goes to the address that was checked: a name that changes meanwhile changes nothing.
      lookup: guarded(resolve, options.allowed),
      signal,
    });
    request.on('error', (error) => fail(explain(error, signal)));
    request.on('response', (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) answer.destroy();
      });
      answer.on('close', () => done(answer));
      answer.on('error', () => done(answer));
    });
    request.end(body);
  });
}

/** Of a name, the check is in the lookup. The parser of addresses writes 0x7f.1 and 2130706433 as 127.0.0.1. */
function checkUrl({ protocol, hostname, port }: URL, allowed: readonly Network[]): void {
  if (protocol !== 'http:' && protocol !== 'https:') throw new Failure('not an http(s) address', { isFinal: true });
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isNumber = isIP(host) !== 0;
  if (isNumber && !isReachable(host, allowed)) throw notPublic();
  if (!isWebPort(Number(port || (protocol === 'https:' ? 443 : 80))))
    throw new Failure('the port is neither 80, 443 nor at least 1024', { isFinal: true });
}

const notPublic = () =>
  new Failure('the address is not public, and the server may not send there: see ALERT_WEBHOOK_ALLOW', {
    isFinal: true,
  });

const everyAddress = (host: string): Promise<Resolved[]> => lookupName(host, { all: true });

function guarded(resolve: (host: string) => Promise<readonly Resolved[]>, allowed: readonly Network[]): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (found) => {
        // One address that is refused refuses all: the next attempt might meet it.
        if (found.length === 0 || !found.every(({ address }) => isReachable(address, allowed)))
          return callback(notPublic(), '', 0);
        const [first] = found as [Resolved];
        if (options.all) callback(null, [...found]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the receiver refuses the connection',
  ECONNRESET: 'the receiver closed the connection',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'the receiver cannot be reached',
  ENETUNREACH: 'the receiver cannot be reached',
  ETIMEDOUT: 'the receiver did not answer in time',
};

/** In words of its own: an address may hold a secret, and messages of libraries may hold the address. */
function explain(error: unknown, signal: AbortSignal): Failure {
  if (error instanceof Failure) return error;
  if (signal.aborted) return new Failure('the receiver did not answer in time', { mayHaveArrived: true });
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  const mayHaveArrived = code === 'ECONNRESET' || code === 'ETIMEDOUT';
  return new Failure(reasons[code] ?? `the connection failed (${code})`, { mayHaveArrived });
}
