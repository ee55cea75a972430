import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { backoffMs, retryAfterMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Http } from './http.ts';
import type { ProblemCode } from './problems.ts';
import { leastPartBytes, PartTooLarge, TusRefusal, type TusSource, TusUpload } from './tus.ts';

/** A file's path or URL, or the bytes themselves. */
export type ModelSource = string | URL | Uint8Array;

export interface ModelAbout {
  readonly round?: number;
  /** Default: `safetensors`. */
  readonly format?: string;
  /** The version that it was made from. */
  readonly parent?: string;
}

/** One model on its way. */
export interface ModelUpload {
  readonly version: string;
  readonly state: 'waiting' | 'uploading' | 'done' | 'failed';
  /** Known once the source has been read. */
  readonly sha256: string | null;
  /** Why it failed. */
  readonly detail: string | null;
  /** Resolves to whether the server has it; never rejects. */
  readonly done: Promise<boolean>;
}

interface UploadsOptions {
  readonly http: Http;
  readonly headers: Readonly<Record<string, string>>;
  readonly run_id: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly partBytes?: number;
  readonly report: (code: ProblemCode, message: string, key?: string) => void;
}

interface UploadJob {
  readonly upload: Upload;
  readonly source: ModelSource;
  readonly metadata: Readonly<Record<string, string>>;
}

const defaultPartBytes = 8 * 1024 * 1024;
const blockBytes = 256 * 1024;
const misconfiguredMs = 60_000;
const closingBackoffMs = 250;
// A part that another attempt of ours has already brought: the server is asked where to go on, a few times.
const conflictMs = 200;
const maxConflicts = 5;
// A large checkpoint over a slow line; a training that ended has nothing better to do.
const longestCloseMs = 10 * 60_000;
const lookMs = 20;
const maxLostParts = 2;

class Upload implements ModelUpload {
  readonly version: string;
  readonly done: Promise<boolean>;
  state: ModelUpload['state'] = 'waiting';
  sha256: string | null = null;
  detail: string | null = null;
  #resolve: (isThere: boolean) => void = () => {};

  constructor(version: string) {
    this.version = version;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  end(state: 'done' | 'failed', detail: string | null = null): void {
    this.state = state;
    this.detail = detail;
    this.#resolve(state === 'done');
  }
}

/** Models on their way to the server: one at a time, in the order they came, beside the training. [R28] */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #jobs: UploadJob[] = [];
  readonly #end = new AbortController();
  #isWorking = false;
  #isClosing = false;
  #movedAt = 0;
  /** The request size that a proxy accepted, for all uploads of this run. */
  #partBytes: number | null = null;
  #wake: () => void = () => {};

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** Never throws. [R1] */
  add(version: string, source: ModelSource, about: ModelAbout = {}): ModelUpload {
    const upload = new Upload(String(version));
    const job = { upload, source, metadata: this.#describe(upload.version, about) };
    if (this.#end.signal.aborted) {
      this.#fail(job, 'the reporter is closed');
      return upload;
    }
    this.#jobs.push(job);
    if (!this.#isWorking) void this.#work();
    return upload;
  }

  /** Waits while bytes move. After `idleMs` without progress, the remaining uploads have failed. */
  async close(idleMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#isClosing = true;
    this.#wake();
    const beganAt = clock.now();
    this.#movedAt = beganAt;
    while (this.#jobs.length > 0) {
      const nowMs = clock.now();
      if (nowMs - this.#movedAt >= idleMs || nowMs - beganAt >= longestCloseMs) break;
      await new Promise<void>((resolve) => clock.schedule(resolve, lookMs, true));
    }
    this.#end.abort(new Error('the reporter is closed'));
    this.#wake();
    for (const job of this.#jobs.splice(0)) this.#fail(job, 'the reporter closed before it was uploaded');
  }

  #describe(version: string, { round, format = 'safetensors', parent }: ModelAbout): Record<string, string> {
    const given = { version, run_id: this.#options.run_id, round, format, parent };
    const known = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
    return Object.fromEntries(known.map(([key, value]) => [key, String(value)]));
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    await setImmediate(); // The caller goes on first. [R1]
    for (let job = this.#jobs[0]; job; job = this.#jobs[0]) {
      try {
        await this.#upload(job);
      } catch (error) {
        this.#fail(job, messageOf(error));
      }
      if (this.#jobs[0] === job) this.#jobs.shift();
    }
    this.#isWorking = false;
  }

  async #upload(job: UploadJob): Promise<void> {
    const { upload, metadata } = job;
    upload.state = 'uploading';
    const found = await digestOf(job.source);
    upload.sha256 = found.sha256;
    const { http, headers, partBytes = defaultPartBytes } = this.#options;
    const source: TusSource = { size: found.size, blocks: (start, size) => blocksOf(job.source, start, size) };
    const sending = new TusUpload({
      http,
      headers,
      metadata: { ...metadata, sha256: found.sha256 },
      source,
      partBytes: this.#partBytes ?? partBytes,
      signal: this.#end.signal,
      onProgress: () => this.#noteProgress(),
    });
    let isBegun = false;
    let lostParts = 0;
    for (let attempt = 0; !this.#end.signal.aborted; ) {
      try {
        if (!isBegun) await sending.begin();
        isBegun = true;
        if (sending.isDone) {
          upload.end('done');
          return;
        }
        if (sending.isLastPart && (await digestOf(job.source)).sha256 !== found.sha256) {
          await sending.cancel();
          throw new Unreadable('the file changed while it was uploaded');
        }
        await sending.sendPart();
        this.#noteProgress();
        if (sending.partBytes < partBytes) this.#partBytes = sending.partBytes;
        attempt = 0;
        lostParts = 0;
      } catch (error) {
        if (error instanceof PartTooLarge) {
          isBegun = false;
          const refused = sending.nextBytes;
          if (!sending.halvePart()) throw new Error(tooLarge(refused));
          continue;
        }
        // Some proxies close the connection instead of an answer, when a body is too large for them.
        if (isBegun && !(error instanceof TusRefusal || error instanceof Unreadable) && ++lostParts >= maxLostParts) {
          if (sending.halvePart()) lostParts = 0;
        }
        isBegun = false;
        await this.#pause(this.#waitAfter(error, attempt++));
      }
    }
  }

  /** How long until the next attempt; throws if there is no use in one. */
  #waitAfter(error: unknown, attempt: number): number {
    const { report, random, clock } = this.#options;
    if (error instanceof Unreadable) throw error;
    if (!(error instanceof TusRefusal)) {
      if (!this.#end.signal.aborted) this.#tellUnreachable(messageOf(error));
      return backoffMs(attempt, random);
    }
    const { status, headers, text } = error.answer;
    if (status >= 500 || status === 408 || status === 425 || status === 429) {
      this.#tellUnreachable(`HTTP ${status}`);
      return Math.max(backoffMs(attempt, random), retryAfterMs(headers['retry-after'] ?? null, clock.now()));
    }
    if (status === 409 && /offset/i.test(text) && attempt < maxConflicts) return conflictMs;
    if ([401, 403, 404, 405].includes(status)) {
      report(
        'misconfigured',
        `models are not accepted (HTTP ${status}); check RONDO_URL, and that the key may send models`,
      );
      return misconfiguredMs;
    }
    throw error;
  }

  #tellUnreachable(why: string): void {
    this.#options.report('unreachable', `a model cannot be uploaded: ${why}; it is tried again`, 'models');
  }

  #fail({ upload }: UploadJob, why: string): void {
    if (upload.state === 'failed' || upload.state === 'done') return;
    upload.end('failed', why);
    this.#options.report('upload_failed', `model ${upload.version} is not uploaded: ${why}`);
  }

  #noteProgress(): void {
    this.#movedAt = this.#options.clock.now();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.schedule(resolve, this.#isClosing ? Math.min(ms, closingBackoffMs) : ms);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

const tooLarge = (bytes: number): string =>
  `HTTP 413 for a part of ${bytes} bytes: something before the server, such as a proxy, bounds the size of requests. ` +
  `Let at least ${leastPartBytes} bytes pass (nginx: client_max_body_size 1m)`;

/** Not to be taken for a lost connection, which is tried again. */
class Unreadable extends Error {}

async function digestOf(source: ModelSource): Promise<{ sha256: string; size: number }> {
  const counted = createHash('sha256');
  let size = 0;
  for await (const block of blocksOf(source, 0, Number.POSITIVE_INFINITY)) {
    counted.update(block);
    size += block.length;
  }
  return { sha256: counted.digest('hex'), size };
}

async function* blocksOf(source: ModelSource, start: number, size: number): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    const end = Math.min(source.length, start + size);
    for (let at = start; at < end; at += blockBytes) {
      yield source.subarray(at, Math.min(at + blockBytes, end));
      await setImmediate(); // A quarter of a millisecond each; others have their turn between.
    }
    return;
  }
  try {
    const file = await open(source, 'r');
    try {
      for (let at = start, left = size; left > 0; ) {
        const block = Buffer.allocUnsafe(Math.min(blockBytes, left));
        const { bytesRead } = await file.read(block, 0, block.length, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        left -= bytesRead;
        yield block.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Unreadable(`it cannot be read: ${messageOf(error)}`);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));
