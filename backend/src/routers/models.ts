import { modelDetailSchema, modelSchema, modelVersionSchema, pageOf, pageQuery, runIdSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { visibleTo } from '../auth/access.ts';
import { recordAudit } from '../auth/audit.ts';
import type { Db } from '../db/db.ts';
import { findModel, findModelDetail, listModels } from '../db/queries/models.ts';
import { Conflict, NotFound } from '../errors.ts';
import type { IngestWriter } from '../ingest/writer.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { managedRun, seenModel } from './seen.ts';

interface ModelsDeps {
  readonly db: Db;
  readonly writer: IngestWriter;
  /** Called after a version was deleted: its content may be unused now. */
  readonly onDeleted: () => void;
}

const params = z.object({ version: modelVersionSchema });
const querystring = z.object({
  run_id: runIdSchema.optional().describe('required where several runs have a model of this name'),
});

export const modelsRouter =
  ({ db, writer, onDeleted }: ModelsDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['models'], security: [{ bearer: [] }] };

    app.get(
      '/api/models',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listModels',
          summary: 'Stored checkpoint versions, newest first',
          querystring: z.object({ ...pageQuery, run_id: runIdSchema.optional() }),
          response: { 200: pageOf(modelSchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { limit, offset } = request.query;
        return { ...(await listModels(db, { ...request.query, visible: visibleTo(request) })), limit, offset };
      },
    );

    app.get(
      '/api/models/:version',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getModel',
          summary: 'One checkpoint version with its tensors, if it is a safetensors file',
          params,
          querystring,
          response: { 200: modelDetailSchema, ...problems(401, 403, 404, 409, 422) },
        },
      },
      async (request) => {
        const { version } = request.params;
        const model = await seenModel(db, visibleTo(request), version, request.query.run_id);
        const detail = await findModelDetail(db, model);
        if (!detail) throw new NotFound(`there is no model ${version}`);
        return detail;
      },
    );

    app.delete(
      '/api/models/:version',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'deleteModel',
          summary: 'Delete a checkpoint version; its content goes with the last version that has it',
          params,
          querystring,
          response: { 204: z.null(), ...problems(401, 403, 404, 409, 422, 503) },
        },
      },
      async (request, reply) => {
        const { version } = request.params;
        const model = await seenModel(db, visibleTo(request), version, request.query.run_id);
        const { run_id, round, sha256 } = model;
        const { project_id } = await managedRun(db, request, run_id);
        const detail = { run_id, round, sha256 };
        const record = (tx: Db) =>
          recordAudit(tx, request, {
            action: 'model.delete',
            target_type: 'model',
            target: version,
            detail,
            project_id,
          });
        await writer.submit([{ type: 'model_deleted', run_id, version, unlessAutomatic: false, record }]);
        const left = await findModel(db, version, visibleTo(request), run_id);
        if (left)
          throw new Conflict(`${version} is held by ${left.aliases.join(', ')}: move or delete the alias first`);
        onDeleted();
        return reply.code(204).send(null);
      },
    );
  };
