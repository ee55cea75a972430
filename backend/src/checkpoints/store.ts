import type { Readable } from 'node:stream';

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Stores contents by their SHA-256. Callers have verified the digest; the database (`registry.ts`) decides who may put
 * and remove when, so that both are safe to repeat.
 */
export interface CheckpointStore {
  /** Stores the file's content; the file may disappear afterwards. An existing content is left as it is. */
  put(sha256: string, file: string): Promise<void>;
  /** Undefined when it does not have the content. */
  sizeOf(sha256: string): Promise<number | undefined>;
  /** Rejects with `NotFound` when it does not have the content. */
  open(sha256: string, range?: ByteRange): Promise<Readable>;
  remove(sha256: string): Promise<void>;
  close(): void;
}
