import {
  candidateQuery,
  candidateSchema,
  memberEditSchema,
  memberSchema,
  newProjectSchema,
  pageOf,
  pageQuery,
  projectEditSchema,
  projectIdSchema,
  projectSchema,
} from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { accessOf, mustManage } from '../auth/access.ts';
import type { AuthServices } from '../auth/services.ts';
import { forReaders, problems } from '../schemas/common.ts';

const params = z.object({ id: projectIdSchema });
const memberParams = z.object({ id: projectIdSchema, user_id: z.uuid() });

export const projectsRouter =
  ({ auth }: { readonly auth: AuthServices }): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['projects'], security: [{ bearer: [] }] };

    const managed = async (request: FastifyRequest, id: z.infer<typeof projectIdSchema>) => {
      await auth.projects.seen(accessOf(request), id);
      mustManage(request, id);
      return id;
    };

    app.get(
      '/api/projects',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listProjects',
          summary: 'The projects that the caller sees, by id',
          querystring: z.object(pageQuery),
          response: { 200: pageOf(projectSchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => ({ ...(await auth.projects.list(accessOf(request), request.query)), ...request.query }),
    );

    app.post(
      '/api/projects',
      {
        onRequest: app.requireAdmin,
        schema: {
          ...about,
          operationId: 'createProject',
          summary: 'Make a project (an admin of the server)',
          body: newProjectSchema,
          response: { 201: projectSchema, ...problems(400, 401, 403, 409, 422) },
        },
      },
      async (request, reply) => reply.code(201).send(await auth.projects.create(request, request.body)),
    );

    app.patch(
      '/api/projects/:id',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'editProject',
          summary: 'Rename a project',
          params,
          body: projectEditSchema,
          response: { 200: projectSchema, ...problems(400, 401, 403, 404, 422) },
        },
      },
      async (request) => auth.projects.rename(request, await managed(request, request.params.id), request.body),
    );

    app.delete(
      '/api/projects/:id',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'deleteProject',
          summary: 'Delete a project that has no runs and no API keys (an admin of the server)',
          params,
          response: { 204: z.null(), ...problems(401, 403, 404, 409, 422) },
        },
      },
      async (request, reply) => {
        await auth.projects.seen(accessOf(request), request.params.id);
        await app.requireAdmin(request);
        await auth.projects.remove(request, request.params.id);
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/api/projects/:id/members',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'listMembers',
          summary: 'The members of a project, by name',
          params,
          querystring: z.object(pageQuery),
          response: { 200: pageOf(memberSchema), ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const id = await managed(request, request.params.id);
        return { ...(await auth.projects.members(id, request.query)), ...request.query };
      },
    );

    app.get(
      '/api/projects/:id/candidates',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'findCandidates',
          summary: 'The user of a name, to add as a member; it cannot be used to list names',
          params,
          querystring: candidateQuery.extend(pageQuery),
          response: { 200: pageOf(candidateSchema), ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        await managed(request, request.params.id);
        const { username, ...page } = request.query;
        return { ...(await auth.projects.candidates(username, page)), ...page };
      },
    );

    app.put(
      '/api/projects/:id/members/:user_id',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'setMember',
          summary: 'Add a member, or change the role of one',
          params: memberParams,
          body: memberEditSchema,
          response: { 200: memberSchema, ...problems(400, 401, 403, 404, 409, 422) },
        },
      },
      async (request) => {
        const { id, user_id } = request.params;
        await managed(request, id);
        return auth.projects.setMember(request, id, user_id, request.body.role);
      },
    );

    app.delete(
      '/api/projects/:id/members/:user_id',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'removeMember',
          summary: 'Take a member out of a project, at once',
          params: memberParams,
          response: { 204: z.null(), ...problems(401, 403, 404, 409, 422) },
        },
      },
      async (request, reply) => {
        const { id, user_id } = request.params;
        await managed(request, id);
        await auth.projects.removeMember(request, id, user_id);
        return reply.code(204).send(null);
      },
    );
  };
