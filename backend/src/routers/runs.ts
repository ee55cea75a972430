import { pageOf, pageQuery, type RunId, runEditSchema, runIdSchema, runSchema, runStatusSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { recordAudit } from '../auth/audit.ts';
import type { EventBus } from '../bus/event-bus.ts';
import type { Db } from '../db/db.ts';
import { deleteRun, findRun, listRuns } from '../db/queries/runs.ts';
import { NotFound } from '../errors.ts';
import type { IngestWriter } from '../ingest/writer.ts';
import { problems } from '../schemas/common.ts';

interface RunsDeps {
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly bus: EventBus;
}

const params = z.object({ run_id: runIdSchema });

export const runsRouter =
  ({ db, writer, bus }: RunsDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['runs'], security: [{ bearer: [] }] };

    const existing = async (runId: RunId) => {
      const run = await findRun(db, runId);
      if (!run) throw new NotFound(`there is no run ${runId}`);
      return run;
    };

    app.get(
      '/api/runs',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'listRuns',
          summary: 'Runs, newest first',
          querystring: z.object({ ...pageQuery, status: runStatusSchema.optional() }),
          response: { 200: pageOf(runSchema), ...problems(401, 422) },
        },
      },
      async ({ query }) => ({ ...(await listRuns(db, query)), limit: query.limit, offset: query.offset }),
    );

    app.get(
      '/api/runs/:run_id',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'getRun',
          summary: 'One run',
          params,
          response: { 200: runSchema, ...problems(401, 404, 422) },
        },
      },
      ({ params: { run_id } }) => existing(run_id),
    );

    app.patch(
      '/api/runs/:run_id',
      {
        onRequest: app.requireAdmin,
        schema: {
          ...about,
          operationId: 'editRun',
          summary: 'Change its name, tags or notes',
          params,
          body: runEditSchema,
          response: { 200: runSchema, ...problems(400, 401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = request.params;
        const { notes, ...shown } = request.body;
        await existing(run_id);
        const detail = { ...shown, ...(notes !== undefined && { notes: 'changed' }) };
        const record = (tx: Db) =>
          recordAudit(tx, request, { action: 'run.update', target_type: 'run', target: run_id, detail });
        await writer.submit([{ type: 'run_edited', run_id, ...request.body, record }]);
        return existing(run_id);
      },
    );

    app.delete(
      '/api/runs/:run_id',
      {
        onRequest: app.requireAdmin,
        schema: {
          ...about,
          operationId: 'deleteRun',
          summary: 'Delete a run with all that was reported of it',
          params,
          response: { 204: z.null(), ...problems(401, 403, 404, 422) },
        },
      },
      async (request, reply) => {
        const { run_id } = request.params;
        await db.transaction(async (tx) => {
          if (!(await deleteRun(tx, run_id))) throw new NotFound(`there is no run ${run_id}`);
          await recordAudit(tx, request, { action: 'run.delete', target_type: 'run', target: run_id });
          await bus.announce(tx, { deleted_runs: [run_id] });
        });
        bus.publishDeletion(run_id);
        return reply.code(204).send(null);
      },
    );
  };
