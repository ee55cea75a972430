import { problemSchema } from '@rondo/protocol';

const meanings: Record<number, string> = {
  400: 'The body is not JSON',
  401: 'No, wrong or expired credentials',
  403: 'The role does not allow it',
  404: 'It does not exist',
  409: 'Its state does not allow it',
  410: 'It is gone',
  411: 'How long the body is must be said',
  412: 'It is not spoken in the version of the protocol that is required',
  413: 'Too large',
  415: 'Not a media type this route reads',
  416: 'The range begins behind the end',
  422: 'A field is invalid; `errors` names it',
  429: 'Too many tries; see Retry-After',
  501: 'An extension that is not supported',
  503: 'Not now; see Retry-After',
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

/** What a route says that a signed-in user or an API key with the scope `read` may ask. */
export const forReaders: { security: Record<string, string[]>[] } = { security: [{ bearer: [] }, { apiKey: [] }] };
