import { keyBody, keySchema, newKeySchema, pageOf, pageQuery } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AuthServices } from '../auth/services.ts';
import { problems } from '../schemas/common.ts';

interface KeysDeps {
  readonly auth: AuthServices;
}

export const keysRouter =
  ({ auth }: KeysDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const forAdmins = { onRequest: app.requireAdmin };
    const about = { tags: ['keys'], security: [{ bearer: [] }] };

    app.get(
      '/api/keys',
      {
        ...forAdmins,
        schema: {
          ...about,
          operationId: 'listKeys',
          summary: 'The API keys with which FL servers report',
          querystring: z.object(pageQuery),
          response: { 200: pageOf(keySchema), ...problems(401, 403, 422) },
        },
      },
      async ({ query }) => ({ ...(await auth.apiKeys.list(query)), ...query }),
    );

    app.post(
      '/api/keys',
      {
        ...forAdmins,
        schema: {
          ...about,
          operationId: 'createKey',
          summary: 'Make an API key; the answer shows it this once',
          body: keyBody,
          response: { 201: newKeySchema, ...problems(400, 401, 403, 422) },
        },
      },
      async (request, reply) => {
        reply.code(201);
        return auth.apiKeys.create(request, request.body);
      },
    );

    app.delete(
      '/api/keys/:id',
      {
        ...forAdmins,
        schema: {
          ...about,
          operationId: 'revokeKey',
          summary: 'Revoke an API key, at once',
          params: z.object({ id: z.uuid() }),
          response: { 204: z.null(), ...problems(401, 403, 404, 422) },
        },
      },
      async (request, reply) => {
        await auth.apiKeys.revoke(request, request.params.id);
        return reply.code(204).send(null);
      },
    );
  };
