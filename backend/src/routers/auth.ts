import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { accessTokenSeconds } from '../auth/access-tokens.ts';
import { principalOf } from '../auth/plugin.ts';
import type { User } from '../auth/principal.ts';
import type { AuthServices } from '../auth/services.ts';
import type { RefreshCookie } from '../auth/sessions.ts';
import { ticketSeconds } from '../auth/ws-tickets.ts';
import { Forbidden } from '../errors.ts';
import { linkBody, loginBody, meSchema, signInSchema, ticketSchema } from '../schemas/auth.ts';
import { problems } from '../schemas/common.ts';

export interface AuthDeps {
  readonly auth: AuthServices;
  /** Whether a page of this origin may use the cookie at this host. */
  readonly isAllowedOrigin: (origin: string, host: string) => boolean;
}

const cookieName = 'rondo_refresh';
const cookiePath = '/api/auth';

export const authRouter =
  ({ auth, isAllowedOrigin }: AuthDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const fromOwnPage = {
      // Beside SameSite: pages on other ports of this host count as the same site.
      onRequest: async ({ headers: { origin }, host }: FastifyRequest) => {
        if (origin !== undefined && !isAllowedOrigin(origin, host)) {
          throw new Forbidden('a page of this origin may not use this; see ALLOWED_ORIGINS');
        }
      },
    };
    const forUsers = { onRequest: app.requireUser };
    const tags = ['auth'];
    const security = [{ bearer: [] }];

    // Tokens belong in no cache (ASVS 5.0, 14.3.2).
    app.addHook('onRequest', async (_, reply) => {
      reply.header('cache-control', 'no-store');
    });

    app.post(
      '/api/auth/login',
      {
        ...fromOwnPage,
        schema: {
          tags,
          operationId: 'login',
          summary: 'Sign in; also sets the refresh cookie',
          body: loginBody,
          response: { 200: signInSchema, ...problems(400, 401, 403, 422, 429) },
        },
      },
      async (request, reply) =>
        startSession(await auth.logIn({ ...request.body, address: request.ip }), request, reply),
    );

    app.post(
      '/api/auth/link',
      {
        ...fromOwnPage,
        schema: {
          tags,
          operationId: 'redeemSignInLink',
          summary: 'Sign in with a one-time link',
          body: linkBody,
          response: { 200: signInSchema, ...problems(400, 401, 403, 422) },
        },
      },
      async (request, reply) => startSession(await auth.redeemSignInLink(request.body.token), request, reply),
    );

    app.post(
      '/api/auth/refresh',
      {
        ...fromOwnPage,
        schema: {
          tags,
          operationId: 'refresh',
          summary: 'A new access token for the refresh cookie, which is replaced',
          response: { 200: signInSchema, ...problems(401, 403) },
        },
      },
      async (request, reply) => {
        const { user, session_id, cookie } = await auth.sessions.refresh(request.cookies[cookieName]);
        if (cookie) setRefreshCookie(cookie, request, reply);
        return signInAnswer(user, session_id);
      },
    );

    app.post(
      '/api/auth/logout',
      {
        ...fromOwnPage,
        schema: {
          tags,
          operationId: 'logout',
          summary: 'End the session of the refresh cookie',
          response: { 204: z.null(), ...problems(403) },
        },
      },
      async (request, reply) => {
        await auth.sessions.end(request.cookies[cookieName]);
        return reply.clearCookie(cookieName, { path: cookiePath }).code(204).send(null);
      },
    );

    app.get(
      '/api/auth/me',
      {
        ...forUsers,
        schema: {
          tags,
          security,
          operationId: 'me',
          summary: 'Who is signed in',
          response: { 200: meSchema, ...problems(401) },
        },
      },
      async (request) => {
        const { username, role } = principalOf(request);
        return { username, role };
      },
    );

    app.post(
      '/api/auth/ws-ticket',
      {
        ...forUsers,
        schema: {
          tags,
          security,
          operationId: 'createTicket',
          summary: 'A ticket that opens one socket at /ws/events',
          response: { 200: ticketSchema, ...problems(401) },
        },
      },
      async (request) => ({ ticket: await auth.tickets.issue(principalOf(request)), expires_in: ticketSeconds }),
    );

    async function startSession(user: User, request: FastifyRequest, reply: FastifyReply) {
      await auth.sessions.end(request.cookies[cookieName]);
      const visit = { user_agent: request.headers['user-agent'], address: request.ip };
      const { session_id, cookie } = await auth.sessions.start(user, visit);
      setRefreshCookie(cookie, request, reply);
      return signInAnswer(user, session_id);
    }

    async function signInAnswer(user: User, session_id: string) {
      const { username, role } = user;
      const access_token = await auth.accessTokens.issue(user, session_id);
      return { access_token, token_type: 'bearer' as const, expires_in: accessTokenSeconds, user: { username, role } };
    }
  };

function setRefreshCookie({ value, max_age_s }: RefreshCookie, request: FastifyRequest, reply: FastifyReply): void {
  reply.setCookie(cookieName, value, {
    path: cookiePath,
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    maxAge: max_age_s,
  });
}
