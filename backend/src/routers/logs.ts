import {
  clientIdSchema,
  limits,
  logLevelSchema,
  logPageSchema,
  momentSchema,
  runIdSchema,
  text,
} from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Db } from '../db/db.ts';
import { listLogs } from '../db/queries/logs.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { keysetQuery, toPage } from '../schemas/cursor.ts';
import { seenRun } from './seen.ts';

const key = z.tuple([momentSchema, text(128, 1)]);

export const logsRouter =
  ({ db }: { readonly db: Db }): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/runs/:run_id/logs',
      {
        onRequest: app.requireReader,
        schema: {
          tags: ['logs'],
          ...forReaders,
          operationId: 'listLogs',
          summary: 'The log lines of a run, newest first by their own moment',
          params: z.object({ run_id: runIdSchema }),
          querystring: keysetQuery(key, {
            level: logLevelSchema.optional().describe('Only lines of this level and of the levels above it'),
            client_id: clientIdSchema.optional(),
            q: text(limits.searchText).optional().describe('Only lines that contain this text, in upper or lower case'),
            from: momentSchema.optional().describe('The first moment that counts'),
            to: momentSchema.optional().describe('The first moment that no longer counts'),
          }),
          response: { 200: logPageSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { query } = request;
        const { run_id } = await seenRun(db, request, request.params.run_id);
        return toPage(await listLogs(db, { ...query, run_id, after: query.cursor }), query);
      },
    );
  };
