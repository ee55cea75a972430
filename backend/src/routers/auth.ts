import { linkBody, loginBody, meSchema, passwordBody, signInSchema, ticketSchema } from '@rondo/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { accessTokenSeconds } from '../auth/access-tokens.ts';
import { principalOf } from '../auth/plugin.ts';
import type { User } from '../auth/principal.ts';
import { createRequestLimit } from '../auth/request-limits.ts';
import type { AuthServices, SignInMethod } from '../auth/services.ts';
import { ticketSeconds } from '../auth/ws-tickets.ts';
import { Forbidden } from '../errors.ts';
import { problems } from '../schemas/common.ts';
import { clearRefreshCookie, readRefreshCookie, setRefreshCookie } from './refresh-cookie.ts';

export interface AuthDeps {
  readonly auth: AuthServices;
  /** True if a page of this origin may use the cookie. */
  readonly isAllowedOrigin: (origin: string, request: FastifyRequest) => boolean;
}

export const authRouter =
  ({ auth, isAllowedOrigin }: AuthDeps): FastifyPluginAsyncZod =>
  async (app) => {
    // Beside SameSite: pages on other ports of this host count as the same site.
    const fromOwnPage = async (request: FastifyRequest) => {
      const { origin } = request.headers;
      if (origin !== undefined && !isAllowedOrigin(origin, request)) {
        throw new Forbidden('a page of this origin may not use this; see ALLOWED_ORIGINS');
      }
    };
    // A page refreshes when it is loaded and every quarter of an hour; hundreds of people may share an address.
    const limits = { refresh: createRequestLimit(600), link: createRequestLimit(30) };
    const forUsers = { onRequest: app.requireUser };
    const tags = ['auth'];
    const security = [{ bearer: [] }];

    app.post(
      '/api/auth/login',
      {
        onRequest: fromOwnPage,
        schema: {
          tags,
          operationId: 'login',
          summary: 'Sign in; also sets the refresh cookie',
          body: loginBody,
          response: { 200: signInSchema, ...problems(400, 401, 403, 422, 429) },
        },
      },
      async (request, reply) =>
        startSession(await auth.logIn(request, { ...request.body, address: request.ip }), 'password', request, reply),
    );

    app.post(
      '/api/auth/link',
      {
        onRequest: [limits.link, fromOwnPage],
        schema: {
          tags,
          operationId: 'redeemSignInLink',
          summary: 'Sign in with a one-time link',
          body: linkBody,
          response: { 200: signInSchema, ...problems(400, 401, 403, 422, 429) },
        },
      },
      async (request, reply) =>
        startSession(await auth.redeemSignInLink(request, request.body.token), 'link', request, reply),
    );

    app.post(
      '/api/auth/refresh',
      {
        onRequest: [limits.refresh, fromOwnPage],
        schema: {
          tags,
          operationId: 'refresh',
          summary: 'A new access token for the refresh cookie, which is replaced',
          response: { 200: signInSchema, ...problems(401, 403, 429) },
        },
      },
      async (request, reply) => {
        const { user, session_id, cookie } = await auth.sessions.refresh(readRefreshCookie(auth, request), request);
        if (cookie) setRefreshCookie(auth, request, reply, cookie);
        return signInAnswer(user, session_id);
      },
    );

    app.post(
      '/api/auth/logout',
      {
        onRequest: fromOwnPage,
        schema: {
          tags,
          operationId: 'logout',
          summary: 'End the session of the refresh cookie, or of the access token',
          response: { 204: z.null(), ...problems(403) },
        },
      },
      async (request, reply) => {
        const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
        const principal = await auth.authenticate(token).catch(() => undefined);
        await auth.sessions.signOut(request, readRefreshCookie(auth, request), principal);
        clearRefreshCookie(auth, request, reply);
        return reply.code(204).send(null);
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
          summary: 'Get the signed-in user',
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

    app.post(
      '/api/auth/password',
      {
        ...forUsers,
        schema: {
          tags,
          security,
          operationId: 'changePassword',
          summary: 'Change your own password; ends your other sessions',
          body: passwordBody,
          response: { 204: z.null(), ...problems(400, 401, 409, 422, 429) },
        },
      },
      async (request, reply) => {
        await auth.changePassword(request, principalOf(request), request.body);
        return reply.code(204).send(null);
      },
    );

    async function startSession(user: User, method: SignInMethod, request: FastifyRequest, reply: FastifyReply) {
      await auth.sessions.end(readRefreshCookie(auth, request));
      const visit = { user_agent: request.headers['user-agent'], address: request.ip };
      const { session_id, cookie } = await auth.startSession(user, visit, request, method);
      setRefreshCookie(auth, request, reply, cookie);
      return signInAnswer(user, session_id);
    }

    async function signInAnswer(user: User, session_id: string) {
      const { username, role } = user;
      const access_token = await auth.accessTokens.issue(user, session_id);
      return { access_token, token_type: 'bearer' as const, expires_in: accessTokenSeconds, user: { username, role } };
    }
  };
