import { limits, pageQuery } from '@rondo/protocol';
import { z } from 'zod';

/**
 * `?cursor=` with the `next` of the page before, as text that only this server reads. Unlike an `offset`, it costs the
 * same at any depth, and rows that arrive in between move nothing.
 */
const cursorOf = <K extends z.ZodType>(key: K) =>
  z
    .string()
    .max(limits.cursor)
    .describe('`next` of the page before: the same price however deep the page is. Not together with `offset`')
    .transform((text, context): z.output<K> => {
      const read = key.safeParse(parse(text));
      if (read.success) return read.data;
      context.addIssue('is not a cursor of this list');
      return z.NEVER;
    })
    .optional();

/** The query of a list that can be walked by cursor. */
export const keysetQuery = <K extends z.ZodType, S extends z.ZodRawShape>(key: K, shape: S) =>
  z
    .object({ ...pageQuery, ...shape, cursor: cursorOf(key) })
    .refine((query: { cursor?: unknown; offset?: unknown }) => query.cursor === undefined || query.offset === 0, {
      path: ['offset'],
      error: 'is not used together with a cursor',
    });

interface Found<T, K> {
  readonly items: T[];
  readonly total: number;
  readonly next: K | null;
}

/** A page as it is answered. */
export const toPage = <T, K>(
  { items, total, next }: Found<T, K>,
  { limit, offset }: { limit: number; offset: number },
) => ({
  items,
  total,
  limit,
  offset,
  next: next === null ? null : Buffer.from(JSON.stringify(next)).toString('base64url'),
});

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined; // not one of ours
  }
}
