import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { isTransient } from '../db/transient.ts';
import { Busy, CallerError, type FieldError, Invalid } from '../errors.ts';
import { createFailureLogger } from './failure-logger.ts';
import { requestIdHeader } from './request-id.ts';

interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

/** Every refusal leaves as `application/problem+json`; a bug leaves as a 500 that says nothing internal. */
export const errorHandler = fastifyPlugin(async (app) => {
  const logFailure = createFailureLogger();
  app.setErrorHandler((thrown: FastifyError | CallerError, request, reply) => {
    // A caller's fault and a store that does not answer may have a broken line as their cause, which is not the database's.
    if (isOwnLine(thrown, request)) return sendProblem(reply, cutOff);
    const isOutage = !(thrown instanceof CallerError) && isTransient(thrown);
    const error = isOutage ? new Busy('the database is out of reach or too busy', 1, { cause: thrown }) : thrown;
    const problem = toProblem(error);
    if (problem.status >= 500) logFailure(request.log, error);
    if ('retryAfterS' in error && typeof error.retryAfterS === 'number') reply.header('retry-after', error.retryAfterS);
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    return sendProblem(reply, problem);
  });
});

/** The connection of the request itself broke: no outage, and its answer reaches no caller. [M6] */
const isOwnLine = (thrown: Error, { raw }: FastifyRequest): boolean =>
  raw.errored != null && (thrown === raw.errored || lineCodes.has((thrown as { code?: unknown }).code));
const lineCodes = new Set<unknown>(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);
const cutOff: Problem = { status: 400, title: 'Bad Request', detail: 'the connection ended before the request did' };

export const sendProblem = (reply: FastifyReply, problem: Problem) =>
  reply
    .code(problem.status)
    // Also for an unreadable address, where no hook has run.
    .header(requestIdHeader, reply.request.id)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem);

export function toProblem(error: FastifyError | CallerError): Problem {
  if (error instanceof CallerError) {
    const { status, title, message: detail } = error;
    return { status, title, detail, ...(error instanceof Invalid && { errors: error.errors }) };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      path: instancePath.slice(1).replaceAll('/', '.') || (error.validationContext ?? 'body'),
      message: message ?? 'invalid',
    }));
    return toProblem(new Invalid(errors));
  }
  const status = error.statusCode ?? 500;
  // Fastify's own refusals (a body that is not JSON, too large, of an unknown type) speak to the caller.
  if (status < 500) return { status, title: titles[status] ?? 'Bad Request', detail: error.message };
  return { status, title: 'Internal Server Error', detail: 'something broke on the server; its log has the details' };
}

const titles: Record<number, string> = {
  400: 'Bad Request',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
};
