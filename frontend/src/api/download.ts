import { backoffMs } from '../lib/backoff.ts';
import { isRefused } from './client.ts';
import { getDownloadLink, type ModelKey } from './models.ts';
import { Refusal } from './problem.ts';

/** Where the bytes go: a file that appears under its name only once it is whole. */
export interface FileSink {
  write(bytes: Uint8Array<ArrayBuffer>, position: number): Promise<void>;
}

export interface Transfer extends ModelKey {
  readonly size_bytes: number;
  readonly sink: FileSink;
  readonly signal: AbortSignal;
  readonly onProgress: (received: number) => void;
  readonly fetch: typeof fetch;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Breaks in a row without a single byte between them. */
const maxBreaks = 6;

/**
 * Streams a checkpoint into a file, never holding more of it than one chunk. A broken line goes on where it broke, with
 * a new link, as long as the file is still the same one (RFC 9110, If-Range).
 */
export async function transferModel(transfer: Transfer): Promise<void> {
  const { version, size_bytes, signal, wait } = transfer;
  let position = 0;
  let etag: string | null = null;
  const advance = (bytes: number) => {
    position = bytes;
    transfer.onProgress(bytes);
  };
  for (let breaks = 0; ; breaks++) {
    const before = position;
    try {
      const response = await open(transfer, position, etag);
      etag = response.headers.get('etag');
      if (response.status !== 206) advance(0);
      await pour(response, transfer, position, advance);
      if (position === size_bytes) return;
      throw new TypeError(`the line ended after ${position} of ${size_bytes} bytes of ${version}`);
    } catch (error) {
      if (signal.aborted || error instanceof Refusal || isRefused(error)) throw error;
      if (position > before) breaks = 0;
      if (breaks >= maxBreaks) throw new Refusal(`The line broke ${maxBreaks} times in a row. Try again later.`);
      await wait(backoffMs(breaks, Math.random), signal);
    }
  }
}

async function open(
  { run_id, version, signal, fetch }: Transfer,
  position: number,
  etag: string | null,
): Promise<Response> {
  const headers: HeadersInit = position > 0 && etag !== null ? { Range: `bytes=${position}-`, 'If-Range': etag } : {};
  const response = await fetch(await getDownloadLink({ run_id, version }), { headers, signal, cache: 'no-store' });
  if (response.ok && response.body !== null) return response;
  if (response.status >= 500) throw new TypeError(`the server answered ${response.status}`);
  throw new Refusal(`The server answered ${response.status} for this checkpoint. It may have been deleted.`);
}

async function pour(response: Response, { sink }: Transfer, start: number, advance: (to: number) => void) {
  let position = start;
  const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    await sink.write(value, position).catch((error: unknown) => {
      throw new Refusal(`The file could not be written: ${error instanceof Error ? error.message : 'unknown reason'}.`);
    });
    position += value.length;
    advance(position);
  }
}
