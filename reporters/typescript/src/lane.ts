import type { Batch } from './batch.ts';

/** Events under one `reporter_id`, in batches that are numbered from 0. */
export interface Lane {
  readonly reporter_id: string;
  nextBatch(maxEvents: number, maxBytes: number): Batch;
  answered(): void;
  halve(): Batch;
  giveUp(): Batch;
}

/** A batch on its way. */
export interface Work {
  readonly lane: Lane;
  readonly batch: Batch;
  /** The id of this reporter, not of one that ended before. */
  readonly isOwn: boolean;
}
