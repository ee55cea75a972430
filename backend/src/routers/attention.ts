import {
  attentionReplaySchema,
  attentionRuleSchema,
  attentionSchema,
  clientIdSchema,
  muteRequestSchema,
  muteSchema,
  runIdSchema,
} from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { recordAudit } from '../auth/audit.ts';
import { principalOf } from '../auth/plugin.ts';
import type { Db } from '../db/db.ts';
import { deleteMute, saveMute } from '../db/queries/insight.ts';
import { NotFound } from '../errors.ts';
import type { AttentionService } from '../insight/attention.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { managedRun, seenRun } from './seen.ts';

const params = z.object({ run_id: runIdSchema });

export const attentionRouter =
  ({ db, attention }: { readonly db: Db; readonly attention: AttentionService }): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['insight'], security: [{ bearer: [] }], params };

    app.get(
      '/api/runs/:run_id/attention',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getAttention',
          summary: 'List the findings of a run, worst first',
          response: { 200: attentionSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        return attention.read(run_id);
      },
    );

    app.get(
      '/api/runs/:run_id/attention/replay',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'replayAttentionRule',
          summary: 'Where a rule would have fired in the stored rounds',
          querystring: z.object({ rule: attentionRuleSchema }),
          response: { 200: attentionReplaySchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        const { query } = request;
        return attention.replay(run_id, query.rule);
      },
    );

    app.put(
      '/api/runs/:run_id/attention/mutes',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'muteAttention',
          summary: 'Mute a client, a rule, or a rule for a client, in this run',
          body: muteRequestSchema,
          response: { 200: muteSchema, ...problems(400, 401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = request.params;
        const { client_id = null, rule = null, reason } = request.body;
        const { project_id } = await managedRun(db, request, run_id);
        const mute = { reason, muted_by: principalOf(request).username, muted_at: new Date().toISOString() };
        await db.transaction(async (tx) => {
          await saveMute(tx, { run_id, client_id: client_id ?? '', rule: rule ?? '', ...mute });
          const detail = { client_id, rule, reason };
          await recordAudit(tx, request, {
            action: 'attention.mute',
            target_type: 'run',
            target: run_id,
            detail,
            project_id,
          });
        });
        attention.note(run_id);
        return { client_id, rule, ...mute };
      },
    );

    app.delete(
      '/api/runs/:run_id/attention/mutes',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'unmuteAttention',
          summary: 'Take a mute back; the client and the rule are those that were muted',
          querystring: z.object({ client_id: clientIdSchema.optional(), rule: attentionRuleSchema.optional() }),
          response: { 204: z.null(), ...problems(401, 403, 404, 422) },
        },
      },
      async (request, reply) => {
        const { run_id } = request.params;
        const { client_id = '', rule = '' } = request.query;
        const { project_id } = await managedRun(db, request, run_id);
        await db.transaction(async (tx) => {
          if (!(await deleteMute(tx, { run_id, client_id, rule })))
            throw new NotFound('there is no such mute in this run; its attention list names those that there are');
          const detail = { client_id: client_id || null, rule: rule || null };
          await recordAudit(tx, request, {
            action: 'attention.unmute',
            target_type: 'run',
            target: run_id,
            detail,
            project_id,
          });
        });
        attention.note(run_id);
        return reply.code(204).send(null);
      },
    );
  };
