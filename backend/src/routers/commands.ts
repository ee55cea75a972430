import { commandRecordSchema, commandStateSchema, pageOf, pageQuery, runIdSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Db } from '../db/db.ts';
import { listCommands } from '../db/queries/commands.ts';
import { problems } from '../schemas/common.ts';

export const commandsRouter =
  ({ db }: { db: Db }): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/commands',
      {
        onRequest: app.requireUser,
        schema: {
          tags: ['rounds'],
          security: [{ bearer: [] }],
          operationId: 'listCommands',
          summary: 'What FL servers were asked to do and what became of it, newest first',
          querystring: z.object({ ...pageQuery, run_id: runIdSchema.optional(), state: commandStateSchema.optional() }),
          response: { 200: pageOf(commandRecordSchema), ...problems(401, 422) },
        },
      },
      async ({ query }) => ({ ...(await listCommands(db, query)), limit: query.limit, offset: query.offset }),
    );
  };
