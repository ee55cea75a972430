import { keyBody, keySchema, newKeySchema, pageOf, pageQuery, projectIdSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { accessOf, managedBy, mustManage } from '../auth/access.ts';
import type { AuthServices } from '../auth/services.ts';
import { problems } from '../schemas/common.ts';

interface KeysDeps {
  readonly auth: AuthServices;
}

export const keysRouter =
  ({ auth }: KeysDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const forAdmins = { onRequest: app.requireManager };
    const about = { tags: ['keys'], security: [{ bearer: [] }] };

    app.get(
      '/api/keys',
      {
        ...forAdmins,
        schema: {
          ...about,
          operationId: 'listKeys',
          summary: 'The API keys with which FL servers report',
          querystring: z.object({ ...pageQuery, project: projectIdSchema.optional() }),
          response: { 200: pageOf(keySchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { limit, offset } = request.query;
        const found = await auth.apiKeys.list({ ...request.query, visible: managedBy(request) });
        return { ...found, limit, offset };
      },
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
          response: { 201: newKeySchema, ...problems(400, 401, 403, 404, 422) },
        },
      },
      async (request, reply) => {
        const { project_id } = request.body;
        await auth.projects.seen(accessOf(request), project_id);
        mustManage(request, project_id);
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
        await auth.apiKeys.revoke(request, request.params.id, managedBy(request));
        return reply.code(204).send(null);
      },
    );
  };
