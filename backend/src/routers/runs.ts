import {
  pageOf,
  pageQuery,
  projectIdSchema,
  runEditSchema,
  runEndSchema,
  runIdSchema,
  runSchema,
  runStatusSchema,
} from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { accessOf, mustManage, visibleTo } from '../auth/access.ts';
import { recordAudit } from '../auth/audit.ts';
import type { AuthServices } from '../auth/services.ts';
import type { EventBus } from '../bus/event-bus.ts';
import type { Db } from '../db/db.ts';
import { deleteRun, listRuns } from '../db/queries/runs.ts';
import { Conflict, NotFound } from '../errors.ts';
import type { IngestWriter } from '../ingest/writer.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { managedRun, seenRun } from './seen.ts';

interface RunsDeps {
  readonly auth: Pick<AuthServices, 'projects'>;
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly bus: EventBus;
}

const params = z.object({ run_id: runIdSchema });

export const runsRouter =
  ({ auth, db, writer, bus }: RunsDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['runs'], security: [{ bearer: [] }] };

    app.get(
      '/api/runs',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listRuns',
          summary: 'Runs, newest first',
          querystring: z.object({
            ...pageQuery,
            status: runStatusSchema.optional(),
            project: projectIdSchema.optional(),
          }),
          response: { 200: pageOf(runSchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { limit, offset } = request.query;
        return { ...(await listRuns(db, { ...request.query, visible: visibleTo(request) })), limit, offset };
      },
    );

    app.get(
      '/api/runs/:run_id',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getRun',
          summary: 'One run',
          params,
          response: { 200: runSchema, ...problems(401, 403, 404, 422) },
        },
      },
      (request) => seenRun(db, request, request.params.run_id),
    );

    app.patch(
      '/api/runs/:run_id',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'editRun',
          summary: 'Change its name, tags or notes, or move it to another project',
          description: 'A move needs an admin of both projects.',
          params,
          body: runEditSchema,
          response: { 200: runSchema, ...problems(400, 401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = request.params;
        const { notes, ...shown } = request.body;
        const { project_id: from } = await managedRun(db, request, run_id);
        const { project_id = from } = request.body;
        if (project_id !== from) {
          await auth.projects.seen(accessOf(request), project_id);
          mustManage(request, project_id);
        }
        const moved = project_id !== from && { moved_from: from };
        const detail = { ...shown, ...moved, ...(notes !== undefined && { notes: 'changed' }) };
        const act = { action: 'run.update', target_type: 'run', target: run_id, detail } as const;
        const record = async (tx: Db) => {
          // The admins of both projects see it.
          for (const project of new Set([from, project_id]))
            await recordAudit(tx, request, { ...act, project_id: project });
        };
        await writer.submit([{ type: 'run_edited', run_id, ...request.body, record }]);
        if (moved) await bus.publishMove(db, { run_id, project_id });
        return seenRun(db, request, run_id);
      },
    );

    app.post(
      '/api/runs/:run_id/end',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'endRun',
          summary: 'End a run whose FL server does not report any more',
          description: 'Its open rounds end with it. A later report of its FL server opens the run again.',
          params,
          body: runEndSchema,
          response: { 200: runSchema, ...problems(400, 401, 403, 404, 409, 422, 503) },
        },
      },
      async (request) => {
        const { run_id } = request.params;
        const { project_id } = await managedRun(db, request, run_id);
        const act = {
          action: 'run.end',
          target_type: 'run',
          target: run_id,
          detail: request.body,
          project_id,
        } as const;
        const record = (tx: Db) => recordAudit(tx, request, act);
        const at = new Date().toISOString();
        const { accepted } = await writer.submit([{ type: 'run_ended', run_id, at, ...request.body, record }]);
        const run = await seenRun(db, request, run_id);
        if (accepted === 0) throw new Conflict(`run ${run_id} is ${run.status}: there is nothing left to end`);
        return run;
      },
    );

    app.delete(
      '/api/runs/:run_id',
      {
        onRequest: app.requireUser,
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
        const { project_id } = await managedRun(db, request, run_id);
        await db.transaction(async (tx) => {
          if (!(await deleteRun(tx, run_id))) throw new NotFound(`there is no run ${run_id}`);
          await recordAudit(tx, request, { action: 'run.delete', target_type: 'run', target: run_id, project_id });
          await bus.announce(tx, { deleted_runs: [run_id] });
        });
        bus.publishDeletion(run_id);
        return reply.code(204).send(null);
      },
    );
  };
