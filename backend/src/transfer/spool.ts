import { type FileHandle, open, rm } from 'node:fs/promises';

const pieceBytes = 256 * 1024;
/** Why the writer ends, when the reader has gone. */
export class ReaderGone extends Error {}

/**
 * A stream whose writer does not wait for its reader, because it holds a transaction: what is not read yet is in a file.
 *
 *   write ─▶ file ─▶ read      until `waitForReader`, after which each piece waits until the one before is read
 */
export class Spool {
  readonly #path: string;
  readonly #file: FileHandle;
  #written = 0;
  #read = 0;
  #state: 'open' | 'ended' | 'gone' = 'open';
  #error: Error | undefined;
  #mustWait = false;
  #changed: () => void = () => {};
  #waiting: Promise<void> | undefined;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<Spool> {
    return new Spool(path, await open(path, 'wx+', 0o600));
  }

  async write(piece: Uint8Array): Promise<void> {
    while (this.#mustWait && this.#read < this.#written && this.#state === 'open') await this.#change();
    if (this.#state === 'gone') throw new ReaderGone('the reader has gone');
    // A file that is read up to its end begins again, so that it never holds more than what waits.
    if (this.#mustWait) this.#read = this.#written = 0;
    await this.#file.write(piece, 0, piece.length, this.#written);
    this.#written += piece.length;
    this.#notify();
  }

  /** From now on at most one piece waits. */
  waitForReader(): void {
    this.#mustWait = true;
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  /** No more comes; with an error the reader receives that in place of an end. */
  end(error?: Error): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#error = error;
    this.#notify();
  }

  async *read(): AsyncGenerator<Buffer> {
    for (;;) {
      while (this.#read === this.#written && this.#state === 'open') await this.#change();
      if (this.#error) throw this.#error;
      if (this.#read === this.#written) return;
      const piece = Buffer.alloc(Math.min(pieceBytes, this.#written - this.#read));
      await this.#file.read(piece, 0, piece.length, this.#read);
      this.#read += piece.length;
      this.#notify();
      yield piece;
    }
  }

  /** The reader has all, or has gone. */
  async close(): Promise<void> {
    this.#state = 'gone';
    this.#notify();
    await this.#file.close();
    await rm(this.#path, { force: true });
  }

  #change(): Promise<void> {
    this.#waiting ??= new Promise((resolve) => {
      this.#changed = resolve;
    });
    return this.#waiting;
  }

  #notify(): void {
    this.#waiting = undefined;
    this.#changed();
  }
}
