import type { Scope } from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { Forbidden, Unauthorized } from '../errors.ts';
import type { Principal, ReporterKey } from './principal.ts';
import { createRequestLimit } from './request-limits.ts';
import type { AuthServices } from './services.ts';

type Guard = (request: FastifyRequest) => Promise<void>;

// Two hundred people behind one address who all load the page within a minute.
const anonymousPerMinute = 1_200;

declare module 'fastify' {
  interface FastifyInstance {
    /** Guards for a route's `onRequest`: they refuse before the body is read. */
    requireUser: Guard;
    requireAdmin: Guard;
    requireScope: (scope: Scope) => Guard;
  }
  interface FastifyRequest {
    principal: Principal | null;
    reporterKey: ReporterKey | null;
  }
}

export const authPlugin = fastifyPlugin<{ readonly auth: AuthServices }>(async (app, { auth }) => {
  const requireUser: Guard = async (request) => {
    const token = bearerOf(request);
    if (token === undefined) throw new Unauthorized('this needs an access token: sign in first');
    if (isApiKey(token)) throw new Unauthorized('an API key only reports; this needs an access token');
    request.principal = await auth.authenticate(token);
  };

  // What the API answers belongs in no cache (ASVS 5.0, 14.3.2), unless a route says otherwise.
  app.addHook('onRequest', async ({ url }, reply) => {
    if (url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });

  const limitAnonymous = createRequestLimit(anonymousPerMinute);
  app.addHook('onRequest', async (request) => {
    const { authorization, 'x-api-key': apiKey } = request.headers;
    if (authorization !== undefined || apiKey !== undefined || !request.url.startsWith('/api/')) return;
    await limitAnonymous(request);
  });

  app.decorateRequest('principal', null);
  app.decorateRequest('reporterKey', null);
  app.decorate('requireUser', requireUser);
  app.decorate('requireAdmin', async (request) => {
    await requireUser(request);
    if (principalOf(request).role !== 'admin') throw new Forbidden('only an admin may do this');
  });
  app.decorate('requireScope', (scope: Scope) => async (request: FastifyRequest) => {
    const key = request.headers['x-api-key'] ?? bearerOf(request);
    if (typeof key !== 'string' || !isApiKey(key))
      throw new Unauthorized('this needs an API key: Authorization: Bearer rk_…');
    request.reporterKey = await auth.apiKeys.authenticate(key, scope);
  });
});

/** Only behind `requireUser` or `requireAdmin`, which have set it. */
export function principalOf({ principal }: FastifyRequest): Principal {
  if (!principal) throw new Error('a route that asks who is signed in has no guard');
  return principal;
}

const isApiKey = (token: string) => token.startsWith('rk_');

const bearerOf = ({ headers }: FastifyRequest) =>
  /^Bearer +(?<token>\S+)$/i.exec(headers.authorization ?? '')?.groups?.token;
