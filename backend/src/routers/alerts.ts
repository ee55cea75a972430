import {
  alertChannelEditSchema,
  alertChannelSchema,
  alertKinds,
  alertRuleEditSchema,
  alertRuleSchema,
  alertSchema,
  alertStateSchema,
  alertTestSchema,
  keysetPageOf,
  newAlertChannelSchema,
  newAlertRuleSchema,
  pageOf,
  pageQuery,
  projectIdSchema,
  runIdSchema,
} from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Alerts } from '../alerts/alerts.ts';
import { accessOf, managedBy, mustManage, roleIn, visibleTo } from '../auth/access.ts';
import { createRequestLimit } from '../auth/request-limits.ts';
import type { AuthServices } from '../auth/services.ts';
import type { Db } from '../db/db.ts';
import { listAlerts } from '../db/queries/alerts.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { keysetQuery, toPage } from '../schemas/cursor.ts';

interface AlertsDeps {
  readonly db: Db;
  readonly auth: AuthServices;
  readonly alerts: Alerts;
}

const params = z.object({ id: z.uuid() });
const listQuery = z.object({ ...pageQuery, project: projectIdSchema.optional() });
/** A test reaches out to another machine: it may not become a way to probe or to flood one. */
const testsPerMinute = 20;

export const alertsRouter =
  ({ db, auth, alerts }: AlertsDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const { settings } = alerts;
    const forManagers = { onRequest: app.requireManager };
    const about = { tags: ['alerts'], security: [{ bearer: [] }] };
    const limitTests = createRequestLimit(testsPerMinute);

    const mustManageProject = async (request: FastifyRequest, project: z.infer<typeof projectIdSchema>) => {
      await auth.projects.seen(accessOf(request), project);
      mustManage(request, project);
    };

    app.get(
      '/api/alert-rules',
      {
        ...forManagers,
        schema: {
          ...about,
          operationId: 'listAlertRules',
          summary: 'The alert rules of the projects that the caller manages, oldest first',
          querystring: listQuery,
          response: { 200: pageOf(alertRuleSchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { limit, offset } = request.query;
        return { ...(await settings.listRules({ ...request.query, visible: managedBy(request) })), limit, offset };
      },
    );

    app.post(
      '/api/alert-rules',
      {
        ...forManagers,
        schema: {
          ...about,
          operationId: 'createAlertRule',
          summary: 'Make an alert rule',
          body: newAlertRuleSchema,
          response: { 201: alertRuleSchema, ...problems(400, 401, 403, 404, 409, 422) },
        },
      },
      async (request, reply) => {
        await mustManageProject(request, request.body.project_id);
        return reply.code(201).send(await settings.createRule(request, request.body));
      },
    );

    app.patch(
      '/api/alert-rules/:id',
      {
        ...forManagers,
        schema: {
          ...about,
          operationId: 'editAlertRule',
          summary: 'Change an alert rule, or switch it on or off',
          params,
          body: alertRuleEditSchema,
          response: { 200: alertRuleSchema, ...problems(400, 401, 403, 404, 422) },
        },
      },
      (request) => settings.editRule(request, request.params.id, request.body, managedBy(request)),
    );

    app.delete(
      '/api/alert-rules/:id',
      {
        ...forManagers,
        schema: {
          ...about,
          operationId: 'deleteAlertRule',
          summary: 'Delete an alert rule; its history stays, what waits is not sent',
          params,
          response: { 204: z.null(), ...problems(401, 403, 404, 422) },
        },
      },
      async (request, reply) => {
        await settings.deleteRule(request, request.params.id, managedBy(request));
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/api/alert-channels',
      {
        ...forManagers,
        schema: {
          ...about,
          operationId: 'listAlertChannels',
          summary: 'Where alerts of the projects that the caller manages can be sent, oldest first',
          querystring: listQuery,
          response: {
            200: pageOf(alertChannelSchema).extend({
              can_send_email: z.boolean().describe('whether this server has a mail server'),
            }),
            ...problems(401, 403, 422),
          },
        },
      },
      async (request) => {
        const { limit, offset } = request.query;
        const found = await settings.listChannels({ ...request.query, visible: managedBy(request) });
        return { ...found, limit, offset, can_send_email: alerts.canSendEmail };
      },
    );

    app.post(
      '/api/alert-channels',
      {
        ...forManagers,
        schema: {
          ...about,
          operationId: 'createAlertChannel',
          summary: 'Make a channel: a webhook, e-mail, or the open pages of the project',
          body: newAlertChannelSchema,
          response: { 201: alertChannelSchema, ...problems(400, 401, 403, 404, 409, 422) },
        },
      },
      async (request, reply) => {
        await mustManageProject(request, request.body.project_id);
        return reply.code(201).send(await settings.createChannel(request, request.body));
      },
    );

    app.patch(
      '/api/alert-channels/:id',
      {
        ...forManagers,
        schema: {
          ...about,
          operationId: 'editAlertChannel',
          summary: 'Change a channel, or switch it on or off',
          params,
          body: alertChannelEditSchema,
          response: { 200: alertChannelSchema, ...problems(400, 401, 403, 404, 422) },
        },
      },
      (request) => settings.editChannel(request, request.params.id, request.body, managedBy(request)),
    );

    app.delete(
      '/api/alert-channels/:id',
      {
        ...forManagers,
        schema: {
          ...about,
          operationId: 'deleteAlertChannel',
          summary: 'Delete a channel; what waits for it is not sent',
          params,
          response: { 204: z.null(), ...problems(401, 403, 404, 422) },
        },
      },
      async (request, reply) => {
        await settings.deleteChannel(request, request.params.id, managedBy(request));
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/alert-channels/:id/test',
      {
        ...forManagers,
        schema: {
          ...about,
          operationId: 'testAlertChannel',
          summary: 'Send one message to a channel now, and say how it was answered',
          params,
          response: { 200: alertTestSchema, ...problems(401, 403, 404, 422, 429) },
        },
      },
      async (request) => {
        await limitTests(request);
        const channel = await settings.channelForTest(request, request.params.id, managedBy(request));
        const begunAt = performance.now();
        const result = await alerts.test(channel, channel.project_id);
        return { ...result, duration_ms: Math.round(performance.now() - begunAt) };
      },
    );

    app.get(
      '/api/alerts',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listAlerts',
          summary: 'Which alerts there were, newest first, and what became of their messages',
          querystring: keysetQuery(z.int().min(0), {
            project: projectIdSchema.optional(),
            run_id: runIdSchema.optional(),
            rule_id: z.uuid().optional().describe('Only alerts of this rule'),
            kind: z.enum(alertKinds).optional().describe('Only alerts of rules of this kind'),
            state: alertStateSchema.optional().describe('Only alerts whose messages are in this state'),
          }),
          response: { 200: keysetPageOf(alertSchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { query } = request;
        const found = await listAlerts(db, { ...query, visible: visibleTo(request), after: query.cursor });
        const manages = (project: z.infer<typeof projectIdSchema>) => roleIn(accessOf(request), project) === 'admin';
        const items = found.items.map(({ number: _n, topic: _t, episode: _e, deliveries, ...alert }) => ({
          ...alert,
          deliveries: manages(alert.project_id) ? deliveries : null,
        }));
        return toPage({ ...found, items }, query);
      },
    );
  };
