import type { Scope } from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { Forbidden, Unauthorized } from '../errors.ts';
import { type Access, accessOf, accessOfKey } from './access.ts';
import type { Principal, ReporterKey } from './principal.ts';
import { createRequestLimit } from './request-limits.ts';
import type { AuthServices } from './services.ts';

type Guard = (request: FastifyRequest) => Promise<void>;

// Two hundred people behind one address who all load the page within a minute.
const anonymousPerMinute = 1_200;

declare module 'fastify' {
  interface FastifyInstance {
    /** Guards for a route's `onRequest`: they refuse before the body is read. */
    /** A signed-in user. */
    requireUser: Guard;
    /** A signed-in user, or an API key with the scope `read`. */
    requireReader: Guard;
    /** An admin of any project. Which of them is asked where the target is known. */
    requireManager: Guard;
    /** An admin of the server. */
    requireAdmin: Guard;
    requireScope: (scope: Scope) => Guard;
  }
  interface FastifyRequest {
    principal: Principal | null;
    reporterKey: ReporterKey | null;
    access: Access | null;
  }
}

export const authPlugin = fastifyPlugin<{ readonly auth: AuthServices }>(async (app, { auth }) => {
  const requireUser: Guard = async (request) => {
    const token = bearerOf(request);
    if (token === undefined) throw new Unauthorized('this needs an access token: sign in first');
    if (isApiKey(token)) throw new Unauthorized('an API key cannot do this; it needs an access token: sign in');
    request.principal = await auth.authenticate(token);
    request.access = await auth.access.of(request.principal);
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
  app.decorateRequest('access', null);
  app.decorate('requireUser', requireUser);
  app.decorate('requireReader', async (request) => {
    const key = request.headers['x-api-key'] ?? bearerOf(request);
    if (typeof key !== 'string' || !isApiKey(key)) return requireUser(request);
    request.reporterKey = await auth.apiKeys.authenticate(key, 'read');
    request.access = accessOfKey(request.reporterKey);
  });
  app.decorate('requireManager', async (request) => {
    await requireUser(request);
    const { visible, roles } = accessOf(request);
    const isManager = visible === null || [...roles.values()].includes('admin');
    if (!isManager) throw new Forbidden('only an admin may do this');
  });
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
