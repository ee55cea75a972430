import { limits, problemSchema } from '@rondo/protocol';
import { z } from 'zod';

const meanings: Record<number, string> = {
  400: 'The body is not JSON',
  401: 'Missing, wrong or expired credentials',
  403: 'The role or scope does not allow this',
  404: 'Not found',
  409: 'The current state does not allow this',
  410: 'Deleted or expired',
  411: 'Content-Length is required',
  412: 'Unsupported tus version',
  413: 'Too large',
  415: 'Unsupported media type',
  416: 'Range starts past the end',
  422: 'A field is invalid; `errors` names it',
  429: 'Too many requests; see Retry-After',
  501: 'Unsupported protocol extension',
  503: 'Temporarily unavailable; see Retry-After',
  507: 'The disk is full',
};

/** The `response` entries of the refusals that a route can give. */
export const problems = <S extends number>(...statuses: S[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: meanings[status] ?? 'Problem',
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  ) as Record<S, { description: string; content: { 'application/problem+json': { schema: typeof problemSchema } } }>;

/** The description of routes for a signed-in user or an API key with the scope `read`. */
export const forReaders: { security: Record<string, string[]>[] } = { security: [{ bearer: [] }, { apiKey: [] }] };

/** A parameter that may be repeated. */
export const several = <T extends z.ZodType>(one: T) =>
  z.union([one, z.array(one).min(1).max(limits.seriesPerRequest)]);
