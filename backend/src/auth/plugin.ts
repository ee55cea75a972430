import type { Scope } from '@rondo/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { CallerError, Forbidden, Unauthorized } from '../errors.ts';
import { type Access, accessOf, accessOfKey } from './access.ts';
import type { AuditedAct } from './audit.ts';
import type { Principal, ReporterKey } from './principal.ts';
import { createRequestLimit } from './request-limits.ts';
import type { AuthServices } from './services.ts';

type Guard = (request: FastifyRequest) => Promise<void>;

// Two hundred people at one address who all load the page within a minute.
const strangersPerMinute = 1_200;
/** Every route except the pages, which are files, and routes with a limit or a token of their own. */
const limitedRoutes = /^\/(api\/|ws\/|docs(\/|$)|openapi\.json$)/;

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
    /** To be called when a request of a route without a guard has proved who it is. */
    countsAsKnown: (request: FastifyRequest) => Promise<void>;
  }
  interface FastifyRequest {
    principal: Principal | null;
    reporterKey: ReporterKey | null;
    access: Access | null;
  }
}

export const authPlugin = fastifyPlugin<{ readonly auth: AuthServices }>(async (app, { auth }) => {
  const limitStrangers = createRequestLimit(strangersPerMinute);
  const counted = new WeakSet<FastifyRequest>();
  const proved = async (request: FastifyRequest) => {
    if (counted.delete(request)) await limitStrangers.forgive(request);
  };

  const requireUser: Guard = async (request) => {
    const token = bearerOf(request);
    if (token === undefined) throw new Unauthorized('this needs an access token: sign in first');
    if (isApiKey(token)) throw new Unauthorized('an API key cannot do this; it needs an access token: sign in');
    request.principal = await auth.authenticate(token);
    request.access = await auth.access.of(request.principal);
    await proved(request);
  };
  const requireKey = async (request: FastifyRequest, key: string, scope: Scope) => {
    request.reporterKey = await auth.apiKeys.authenticate(key, scope).catch(async (error: unknown) => {
      if (error instanceof CallerError) await auth.notes.add(request, refusalOf(request, error.message));
      throw error;
    });
    await proved(request);
    return request.reporterKey;
  };

  // API responses must not be cached (ASVS 5.0, 14.3.2), unless a route says otherwise.
  app.addHook('onRequest', async (request, reply) => {
    if (pathOf(request).startsWith('/api/')) reply.header('cache-control', 'no-store');
  });

  // A request counts until its credentials prove good; those that were good a moment ago do not count at all. [security M4]
  app.addHook('onRequest', async (request, reply) => {
    if (!limitedRoutes.test(pathOf(request)) || (await isKnown(request))) return;
    if (request.headers.upgrade !== undefined) endAfterRefusal(request, reply);
    await limitStrangers(request);
    counted.add(request);
  });
  const isKnown = async (request: FastifyRequest): Promise<boolean> => {
    const token = credentialsOf(request);
    if (token === undefined) return false;
    if (isApiKey(token)) return auth.apiKeys.wasGood(token);
    return auth.accessTokens.verify(token).then(
      () => true,
      () => false,
    );
  };
  app.decorate('countsAsKnown', proved);

  // A key that lacks a scope is noted where it is checked.
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode !== 403 || (request.principal === null && request.reporterKey === null)) return;
    await auth.notes.add(request, refusalOf(request, 'not allowed'));
  });

  app.decorateRequest('principal', null);
  app.decorateRequest('reporterKey', null);
  app.decorateRequest('access', null);
  app.decorate('requireUser', requireUser);
  app.decorate('requireReader', async (request) => {
    const key = request.headers['x-api-key'] ?? bearerOf(request);
    if (typeof key !== 'string' || !isApiKey(key)) return requireUser(request);
    request.access = accessOfKey(await requireKey(request, key, 'read'));
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
    await requireKey(request, key, scope);
  });
});

/** Use only after `requireUser` or `requireAdmin`, which set it. */
export function principalOf({ principal }: FastifyRequest): Principal {
  if (!principal) throw new Error('a route that asks who is signed in has no guard');
  return principal;
}

/** The HTTP server no longer has the connection of an upgrade, so it would stay open after a refusal. */
function endAfterRefusal({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.header('connection', 'close');
  reply.raw.once('finish', () => raw.socket.destroySoon());
}

/** By its route: an address may have more characters than the log keeps. */
const refusalOf = (request: FastifyRequest, reason: string): AuditedAct => ({
  action: 'access.refused',
  target_type: 'route',
  target: `${request.method} ${request.routeOptions.url ?? ''}`,
  detail: { reason, ...(request.reporterKey && { key: request.reporterKey.name }) },
  project_id: request.reporterKey?.project_id ?? null,
});

/** The pattern of the matched route, or the raw path of an unknown address. */
const pathOf = ({ routeOptions, url }: FastifyRequest): string => routeOptions.url ?? url;

/** A socket may bring its token in the address. */
function credentialsOf(request: FastifyRequest): string | undefined {
  const key = request.headers['x-api-key'];
  const { token } = request.query as { token?: unknown };
  return (typeof key === 'string' ? key : bearerOf(request)) ?? (typeof token === 'string' ? token : undefined);
}

const isApiKey = (token: string) => token.startsWith('rk_');

const bearerOf = ({ headers }: FastifyRequest) =>
  /^Bearer +(?<token>\S+)$/i.exec(headers.authorization ?? '')?.groups?.token;
