import type { MessagePort } from 'node:worker_threads';
import type { PGlite } from '@electric-sql/pglite';
import { Frames } from './frames.ts';

/**
 * Serves PGlite on a message port. PGlite's own server executes each message by itself and answers it in many small writes;
 * this one does both a statement at a time. See decision 0046.
 */
export class PortServer {
  readonly #database: PGlite;
  #client: MessagePort | undefined;

  constructor(database: PGlite) {
    this.#database = database;
  }

  /** PGlite has one session: a new client takes it over from the one before, with nothing left open. */
  async serve(port: MessagePort): Promise<void> {
    this.#client?.close();
    this.#client = port;
    port.on('close', () => {
      if (this.#client !== port) return;
      this.#client = undefined;
      void this.#rollBack();
    });
    await this.#rollBack();
    if (this.#client !== port) return;
    const frames = new Frames();
    // What has arrived waits for this.
    port.on('message', (bytes: Uint8Array) => {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (const piece of frames.push(chunk)) this.#execute(piece, port);
    });
  }

  /** The database must stay open until then. */
  async close(): Promise<void> {
    this.#client?.close();
    this.#client = undefined;
    await this.#rollBack();
  }

  /** Executes at once, not later: the next piece must not come first. */
  #execute(piece: Buffer, port: MessagePort): void {
    const answer: Uint8Array[] = [];
    // A copy: the bytes are PostgreSQL's memory.
    const onRawData = (bytes: Uint8Array) => void answer.push(bytes.slice());
    const done = this.#database.execProtocolRawStream(piece, { syncToFs: false, onRawData });
    done.catch(() => port.close());
    if (answer.length === 0) return;
    const bytes = new Uint8Array(Buffer.concat(answer));
    port.postMessage(bytes, [bytes.buffer]);
  }

  async #rollBack(): Promise<void> {
    if (this.#database.isInTransaction()) await this.#database.exec('rollback');
  }
}
