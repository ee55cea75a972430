import { z } from 'zod';
import { limits } from '../limits.ts';
import { numberInAddress } from './number-in-address.ts';

/** `?limit=20&offset=0`. */
export const pageQuery = {
  limit: numberInAddress(z.int().min(1).max(limits.pageItems)).default(20),
  offset: numberInAddress(z.int().min(0).max(limits.pageOffset)).default(0),
};

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), total: z.int().min(0), limit: z.int(), offset: z.int() });

/** A page of a list that has cursors. */
export const keysetPageOf = <T extends z.ZodType>(item: T) =>
  pageOf(item).extend({ next: z.string().nullable().describe('The cursor of the next page; null on the last') });

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

/** A list that is short enough to come whole. */
export type Items<T> = Pick<Page<T>, 'items' | 'total'>;
