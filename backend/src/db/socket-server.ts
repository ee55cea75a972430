import { createServer, type Server, type Socket } from 'node:net';
import type { PGlite } from '@electric-sql/pglite';
import { Frames } from './frames.ts';

/**
 * Serves PGlite to one client at a time on a Unix socket. PGlite's own server executes each message by itself and answers
 * it in many small writes; this one does both a statement at a time. See decision 0046.
 */
export class SocketServer {
  readonly #database: PGlite;
  readonly #server: Server;
  #client: Socket | undefined;

  constructor(database: PGlite) {
    this.#database = database;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, resolve);
    });
  }

  /** The database must stay open until then. */
  async close(): Promise<void> {
    this.#client?.removeAllListeners('close').destroy();
    await this.#rollBack();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    // PGlite has one session.
    if (this.#client) return void socket.destroy();
    this.#client = socket;
    const frames = new Frames();
    socket.on('data', (chunk: Buffer) => {
      for (const piece of frames.push(chunk)) this.#execute(piece, socket);
    });
    socket.on('close', () => {
      this.#client = undefined;
      void this.#rollBack();
    });
  }

  /** Executes at once, not later: the next piece must not come first. */
  #execute(piece: Buffer, socket: Socket): void {
    const answer: Uint8Array[] = [];
    // A copy: the bytes are PostgreSQL's memory.
    const onRawData = (bytes: Uint8Array) => void answer.push(bytes.slice());
    const done = this.#database.execProtocolRawStream(piece, { syncToFs: false, onRawData });
    done.catch((error: Error) => socket.destroy(error));
    if (answer.length > 0) socket.write(Buffer.concat(answer));
  }

  async #rollBack(): Promise<void> {
    if (this.#database.isInTransaction()) await this.#database.exec('rollback');
  }
}
