import { sessionSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { principalOf } from '../auth/plugin.ts';
import type { AuthServices } from '../auth/services.ts';
import { problems } from '../schemas/common.ts';

export const sessionsRouter =
  ({ auth }: { readonly auth: AuthServices }): FastifyPluginAsyncZod =>
  async (app) => {
    const forUsers = { onRequest: app.requireUser };
    const about = { tags: ['auth'], security: [{ bearer: [] }] };

    app.get(
      '/api/auth/sessions',
      {
        ...forUsers,
        schema: {
          ...about,
          operationId: 'listSessions',
          summary: 'Where you are signed in, last used first; 200 at most',
          response: { 200: z.object({ items: z.array(sessionSchema), total: z.int() }), ...problems(401) },
        },
      },
      (request) => auth.sessions.listOf(principalOf(request)),
    );

    app.delete(
      '/api/auth/sessions/:id',
      {
        ...forUsers,
        schema: {
          ...about,
          operationId: 'endSession',
          summary: 'End one of your sessions, with its sockets',
          params: z.object({ id: z.uuid() }),
          response: { 204: z.null(), ...problems(401, 404, 422) },
        },
      },
      async (request, reply) => {
        await auth.sessions.endOwn(request, principalOf(request), request.params.id);
        return reply.code(204).send(null);
      },
    );
  };
