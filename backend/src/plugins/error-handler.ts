import type { FastifyError, FastifyReply } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { isTransient } from '../db/transient.ts';
import { Busy, CallerError, type FieldError, Invalid } from '../errors.ts';
import { requestIdHeader } from './request-id.ts';

interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

/** Every refusal leaves as `application/problem+json`; a bug leaves as a 500 that says nothing internal. */
export const errorHandler = fastifyPlugin(async (app) => {
  app.setErrorHandler((thrown: FastifyError | CallerError, request, reply) => {
    // A caller's fault and a store that does not answer may have a broken line as their cause, which is not the database's.
    const isOutage = !(thrown instanceof CallerError) && isTransient(thrown);
    const error = isOutage ? new Busy('the database is out of reach or too busy', 1, { cause: thrown }) : thrown;
    const problem = toProblem(error);
    if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
    if ('retryAfterS' in error && typeof error.retryAfterS === 'number') reply.header('retry-after', error.retryAfterS);
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    return sendProblem(reply, problem);
  });
});

export const sendProblem = (reply: FastifyReply, problem: Problem) =>
  reply
    .code(problem.status)
    // Also where no hook has run: an address that nobody can read.
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
