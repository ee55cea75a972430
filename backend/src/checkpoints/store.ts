import type { Readable } from 'node:stream';

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Keeps contents by their SHA-256. What it is told to keep has been verified; who may put and remove when is decided by
 * the database (`registry.ts`), so that both may be repeated.
 */
export interface CheckpointStore {
  /** Keeps what the file holds; the file may be gone afterwards. A content that is there already stays. */
  put(sha256: string, file: string): Promise<void>;
  /** Undefined when it does not have the content. */
  sizeOf(sha256: string): Promise<number | undefined>;
  /** Rejects with `NotFound` when it does not have the content. */
  open(sha256: string, range?: ByteRange): Promise<Readable>;
  remove(sha256: string): Promise<void>;
  close(): void;
}
