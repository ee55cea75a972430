import { commandRecordSchema, commandStateSchema, pageOf, pageQuery, runIdSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { visibleTo } from '../auth/access.ts';
import type { Db } from '../db/db.ts';
import { listCommands } from '../db/queries/commands.ts';
import { forReaders, problems } from '../schemas/common.ts';

export const commandsRouter =
  ({ db }: { db: Db }): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/commands',
      {
        onRequest: app.requireReader,
        schema: {
          tags: ['rounds'],
          ...forReaders,
          operationId: 'listCommands',
          summary: 'List the commands to FL servers and their results, newest first',
          querystring: z.object({ ...pageQuery, run_id: runIdSchema.optional(), state: commandStateSchema.optional() }),
          response: { 200: pageOf(commandRecordSchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { limit, offset } = request.query;
        return { ...(await listCommands(db, { ...request.query, visible: visibleTo(request) })), limit, offset };
      },
    );
  };
