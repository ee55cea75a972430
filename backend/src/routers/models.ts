import { modelSchema, modelVersionSchema, runIdSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Db } from '../db/database.ts';
import { findModel, listModels } from '../db/queries/models.ts';
import { NotFound } from '../errors.ts';
import { pageOf, pageQuery, problems } from '../schemas/common.ts';

export const modelsRouter =
  ({ db }: { readonly db: Db }): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['models'], security: [{ bearer: [] }] };

    app.get(
      '/api/models',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'listModels',
          summary: 'Stored checkpoint versions, newest first',
          querystring: z.object({ ...pageQuery, run_id: runIdSchema.optional() }),
          response: { 200: pageOf(modelSchema), ...problems(401, 422) },
        },
      },
      async ({ query }) => ({ ...(await listModels(db, query)), limit: query.limit, offset: query.offset }),
    );

    app.get(
      '/api/models/:version',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'getModel',
          summary: 'One checkpoint version',
          params: z.object({ version: modelVersionSchema }),
          response: { 200: modelSchema, ...problems(401, 404, 422) },
        },
      },
      async ({ params: { version } }) => {
        const model = await findModel(db, version);
        if (!model) throw new NotFound(`there is no model ${version}`);
        return model;
      },
    );
  };
