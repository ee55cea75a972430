// Messages after which a client waits for an answer: Sync, Flush, Query, FunctionCall, CopyDone, CopyFail, Terminate.
const answered = new Set([...'SHQFcfX'].map((letter) => letter.charCodeAt(0)));
const noBytes = Buffer.alloc(0);

/**
 * Cuts what a client of PostgreSQL sends into pieces that each end where it waits for an answer. A statement is several
 * messages, and to execute them at once costs half of what it costs one by one.
 */
export class Frames {
  #bytes: Buffer = noBytes;
  /** Arrived since, and not joined: a large message comes in many chunks. */
  #more: Buffer[] = [];
  #size = 0;
  /** So many bytes must be there before another message can be complete. */
  #wanted = 8;
  #hasStarted = false;

  *push(chunk: Buffer): Iterable<Buffer> {
    this.#more.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return;
    const bytes = Buffer.concat([this.#bytes, ...this.#more]);
    let start = 0;
    let end = 0;
    for (let next = this.#endOf(bytes, 0); next <= bytes.length; next = this.#endOf(bytes, end)) {
      const isAnswered = !this.#hasStarted || answered.has(bytes[end] ?? 0);
      this.#hasStarted = true;
      end = next;
      if (!isAnswered) continue;
      yield bytes.subarray(start, end);
      start = end;
    }
    this.#bytes = bytes.subarray(start);
    this.#more = [];
    this.#size = this.#bytes.length;
    this.#wanted = this.#endOf(bytes, end) - start;
  }

  /** Where the message ends that begins at `from`; only the first one, the startup, has no letter. */
  #endOf(bytes: Buffer, from: number): number {
    const lengthAt = from + (this.#hasStarted ? 1 : 0);
    return bytes.length < lengthAt + 4 ? lengthAt + 4 : lengthAt + bytes.readInt32BE(lengthAt);
  }
}
