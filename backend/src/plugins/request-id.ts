import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import fastifyPlugin from 'fastify-plugin';

export const requestIdHeader = 'x-request-id';

// The form of ids that proxies send; anything else could forge a log line.
const sane = /^[\w.:/+=-]{8,128}$/;

/** The caller's own name for the request where it has a sane one, so that its log and ours can be laid side by side. */
export function nameRequest({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers[requestIdHeader];
  return typeof given === 'string' && sane.test(given) ? given : randomUUID();
}

/** Every answer says under which name the log has its request. */
export const requestId = fastifyPlugin(async (app) => {
  app.addHook('onRequest', async (request, reply) => {
    reply.header(requestIdHeader, request.id);
  });
});
