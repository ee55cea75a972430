import { methodsSchema, returnToSchema } from '@rondo/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { OidcProblem } from '../auth/oidc/problem.ts';
import { oidcStateSeconds } from '../auth/oidc/state.ts';
import { createRequestLimit } from '../auth/request-limits.ts';
import type { AuthServices } from '../auth/services.ts';
import { NotFound } from '../errors.ts';
import { problems } from '../schemas/common.ts';
import { cookiePlace, isSecure, setRefreshCookie } from './refresh-cookie.ts';

export const oidcRouter =
  ({ auth }: { readonly auth: AuthServices }): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['auth'];
    const aRedirect = z.null().describe('To the next page; a failure goes to /login?problem=…');
    // Each start and each return asks the provider something.
    const onRequest = createRequestLimit(60);

    app.get(
      '/api/auth/methods',
      {
        schema: {
          tags,
          operationId: 'signInMethods',
          summary: 'The ways to sign in',
          response: { 200: methodsSchema },
        },
      },
      async () => ({ password: true as const, oidc: auth.oidc ? { name: auth.oidc.name } : null }),
    );

    app.get(
      '/api/auth/oidc/start',
      {
        onRequest,
        schema: {
          tags,
          operationId: 'startOidcSignIn',
          summary: 'Sign in at the identity provider, and come back to a page of this server',
          querystring: z.object({ return_to: returnToSchema.default('/') }),
          response: { 302: aRedirect, ...problems(404, 422, 429) },
        },
      },
      (request, reply) =>
        orToLogin(request, reply, async () => {
          const oidc = offered();
          // A page of another site must not start a sign-in (ASVS 5.0, 7.6.2).
          if (request.headers['sec-fetch-site'] === 'cross-site') return reply.redirect('/login');
          const { url, sealed } = await oidc.start(request.query.return_to);
          reply.setCookie(...stateCookie(request, sealed));
          return reply.redirect(url);
        }),
    );

    app.get(
      '/api/auth/oidc/callback',
      {
        onRequest,
        schema: {
          tags,
          operationId: 'finishOidcSignIn',
          summary: 'Where the identity provider sends the browser back to; also sets the refresh cookie',
          response: { 302: aRedirect, ...problems(404, 429) },
        },
      },
      (request, reply) =>
        orToLogin(request, reply, async () => {
          const [name, , options] = stateCookie(request, '');
          reply.clearCookie(name, options);
          const query = new URL(request.url, 'http://here').search;
          const { user, return_to } = await offered().finish(request, query, request.cookies[name]);
          const visit = { user_agent: request.headers['user-agent'], address: request.ip };
          const { cookie } = await auth.startSession(user, visit, request, 'oidc');
          setRefreshCookie(auth, request, reply, cookie);
          return reply.redirect(return_to);
        }),
    );

    function offered() {
      if (!auth.oidc) throw new NotFound('single sign-on is not set up on this server; see OIDC_ISSUER');
      return auth.oidc;
    }

    /** Lax: it must come along when the provider sends the browser back. */
    function stateCookie(request: FastifyRequest, value: string) {
      const secure = isSecure(auth, request);
      const { name, path } = cookiePlace(auth, secure, 'rondo_oidc', '/api/auth/oidc');
      return [name, value, { path, httpOnly: true, sameSite: 'lax', secure, maxAge: oidcStateSeconds }] as const;
    }
  };

/** A person sees the result: show a page that says what happened, and write the reason to the log. */
async function orToLogin(request: FastifyRequest, reply: FastifyReply, act: () => Promise<FastifyReply>) {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof OidcProblem)) throw error;
    request.log.warn({ err: error }, 'single sign-on failed');
    return reply.redirect(`/login?problem=${error.code}`);
  }
}
