import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** Things that arrive, each to be waited for once. */
function makeInbox<T>() {
  const arrived: T[] = [];
  const waiting: ((one: T) => void)[] = [];
  return {
    all: arrived,
    add(one: T): void {
      arrived.push(one);
      waiting.shift()?.(one);
    },
    /** The next one that arrives from now on. */
    next: () => new Promise<T>((resolve) => waiting.push(resolve)),
  };
}

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Answer = { readonly status: number; readonly headers?: Record<string, string> } | 'none';

/** A real HTTP server on this machine that receives webhooks. */
export async function startReceiver() {
  const inbox = makeInbox<Received>();
  let answerTo: (received: Received) => Answer = () => ({ status: 200 });
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const received = { path: request.url ?? '', headers: request.headers, body };
    const answer = answerTo(received);
    if (answer !== 'none') response.writeHead(answer.status, answer.headers).end('thanks');
    inbox.add(received);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received: inbox.all,
    next: inbox.next,
    answer(how: (received: Received) => Answer): void {
      answerTo = how;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and text, as they came. */
  readonly content: string;
}

/** A real mail server on this machine that keeps what it gets. */
export async function startMailServer() {
  const inbox = makeInbox<ReceivedMail>();
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, session, done) {
      let content = '';
      stream.on('data', (chunk: Buffer) => {
        content += chunk.toString('utf8');
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        inbox.add({ from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address), content });
        done();
      });
    },
    onRcptTo({ address }, _session, done) {
      const refused = Object.assign(new Error('no such user'), { responseCode: 550 });
      done(address.startsWith('nobody@') ? refused : null);
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return { port, mails: inbox.all, next: inbox.next, close: () => new Promise<void>((done) => server.close(done)) };
}
