import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** The fault of one request: a status, half of its body lost, or its response lost. */
export type TusFault = number | 'break' | 'lost answer' | 'silent' | null;

interface Upload {
  readonly length: number;
  readonly metadata: Readonly<Record<string, string>>;
  content: Buffer;
}

/** A small tus server that loses connections; it keeps what arrived of a part that broke off, as tus asks for. */
export class FakeTus {
  readonly models = new Map<string, Buffer>();
  readonly created: Readonly<Record<string, string>>[] = [];
  readonly requests: string[] = [];
  /** Decides what the `count`th request of a method meets. */
  fault: (method: string, count: number) => TusFault = () => null;
  /** A path prefix, as a proxy adds. */
  prefix = '';
  /** A bound for request bodies, as of a proxy: answered before the body is read. */
  maxPart = Number.POSITIVE_INFINITY;
  /** Closes the connection instead of the answer. */
  isMute = false;
  readonly sizes: number[] = [];
  #uploads = new Map<string, Upload>();
  #port = 0;

  static async start(): Promise<FakeTus> {
    const fake = new FakeTus();
    const server = createServer((request, response) => void fake.#meet(request, response)).listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    fake.#port = (server.address() as AddressInfo).port;
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  count(method: string): number {
    return this.requests.filter((seen) => seen === method).length;
  }

  forgetUploads(): void {
    this.#uploads.clear();
  }

  async #meet(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request;
    if (!path.startsWith(this.prefix)) return void response.writeHead(404).end();
    const url = path.slice(this.prefix.length);
    if (url === '/api/ingest') {
      request.resume();
      return void response.end('{"accepted":0,"duplicates":0,"rejected":[],"commands":[]}');
    }
    this.requests.push(method);
    const fault = this.fault(method, this.count(method));
    if (fault === 'silent') return;
    if (typeof fault === 'number') return void response.writeHead(fault).end('{"title":"no"}');
    if (method === 'POST') return this.#create(request, response);
    const upload = this.#uploads.get(url);
    if (!upload) return void response.writeHead(404).end();
    if (method === 'PATCH') return this.#take(upload, fault, request, response);
    if (method === 'DELETE') this.#uploads.delete(url);
    response.writeHead(method === 'DELETE' ? 204 : 200, { 'upload-offset': String(upload.content.length) }).end();
  }

  #create({ headers }: IncomingMessage, response: ServerResponse): void {
    const pairs = String(headers['upload-metadata'])
      .split(',')
      .map((pair) => pair.split(' '));
    const metadata = Object.fromEntries(
      pairs.map(([key, value = '']) => [key, Buffer.from(value, 'base64').toString()]),
    );
    this.created.push(metadata);
    const path = `/api/uploads/${this.created.length}`;
    this.#uploads.set(path, { length: Number(headers['upload-length']), metadata, content: Buffer.alloc(0) });
    // Like a server that does not know its proxy's address.
    response.writeHead(201, { location: `http://inside:8000${this.prefix}${path}` }).end();
  }

  async #take(upload: Upload, fault: TusFault, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (Number(request.headers['upload-offset']) !== upload.content.length) {
      return void response.writeHead(409).end('wrong offset');
    }
    const { socket } = request;
    const size = Number(request.headers['content-length']);
    this.sizes.push(size);
    if (size > this.maxPart) {
      if (this.isMute) return void socket.destroy();
      return void response.writeHead(413, { connection: 'close' }).end('<html>413 Request Entity Too Large</html>');
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (fault === 'break' && bytes >= size / 2) break;
    }
    upload.content = Buffer.concat([upload.content, ...chunks]);
    if (fault === 'break') return void socket.destroy();
    if (upload.content.length === upload.length) {
      const { version = '', sha256 } = upload.metadata;
      const counted = createHash('sha256').update(upload.content).digest('hex');
      if (counted !== sha256) return void response.writeHead(422).end('wrong digest');
      this.models.set(version, upload.content);
    }
    if (fault === 'lost answer') return void socket.destroy();
    response.writeHead(204, { 'upload-offset': String(upload.content.length) }).end();
  }
}
