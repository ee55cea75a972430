import { newUserBody, pageOf, pageQuery, userEditBody, userSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AuthServices } from '../auth/services.ts';
import { problems } from '../schemas/common.ts';

const params = z.object({ id: z.uuid() });

export const usersRouter =
  ({ auth }: { readonly auth: AuthServices }): FastifyPluginAsyncZod =>
  async (app) => {
    const forAdmins = { onRequest: app.requireAdmin };
    const about = { tags: ['users'], security: [{ bearer: [] }] };

    app.get(
      '/api/users',
      {
        ...forAdmins,
        schema: {
          ...about,
          operationId: 'listUsers',
          summary: 'List the users, oldest first',
          querystring: z.object(pageQuery),
          response: { 200: pageOf(userSchema), ...problems(401, 403, 422) },
        },
      },
      async ({ query }) => ({ ...(await auth.users.list(query)), ...query }),
    );

    app.post(
      '/api/users',
      {
        ...forAdmins,
        schema: {
          ...about,
          operationId: 'createUser',
          summary: 'Make a user who signs in with a password',
          body: newUserBody,
          response: { 201: userSchema, ...problems(400, 401, 403, 409, 422, 429) },
        },
      },
      async (request, reply) => reply.code(201).send(await auth.users.create(request, request.body)),
    );

    app.patch(
      '/api/users/:id',
      {
        ...forAdmins,
        schema: {
          ...about,
          operationId: 'editUser',
          summary: 'Change role or password, disable or enable',
          description: 'Another role or password, and being disabled, end all sessions and sockets of the user.',
          params,
          body: userEditBody,
          response: { 200: userSchema, ...problems(400, 401, 403, 404, 409, 422, 429) },
        },
      },
      (request) => auth.users.edit(request, request.params.id, request.body),
    );

    app.delete(
      '/api/users/:id/sessions',
      {
        ...forAdmins,
        schema: {
          ...about,
          operationId: 'endUserSessions',
          summary: 'Sign a user out everywhere',
          params,
          response: { 204: z.null(), ...problems(401, 403, 404, 422) },
        },
      },
      async (request, reply) => {
        await auth.users.endSessions(request, request.params.id);
        return reply.code(204).send(null);
      },
    );

    app.delete(
      '/api/users/:id',
      {
        ...forAdmins,
        schema: {
          ...about,
          operationId: 'deleteUser',
          summary: 'Delete a user; ends all their sessions and sockets',
          params,
          response: { 204: z.null(), ...problems(401, 403, 404, 409, 422) },
        },
      },
      async (request, reply) => {
        await auth.users.remove(request, request.params.id);
        return reply.code(204).send(null);
      },
    );
  };
