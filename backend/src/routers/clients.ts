import {
  clientHistorySchema,
  clientIdSchema,
  clientSchema,
  clientStatusSchema,
  keysetPageOf,
  limits,
  numberInAddress,
  roundNumberSchema,
  runIdSchema,
} from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { visibleTo } from '../auth/access.ts';
import type { Db } from '../db/db.ts';
import { clientHistory } from '../db/queries/client-history.ts';
import { listClients } from '../db/queries/clients.ts';
import { NotFound } from '../errors.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { keysetQuery, toPage } from '../schemas/cursor.ts';

// A federation is watched whole, so a page of clients is large.
const limit = numberInAddress(z.int().min(1).max(limits.longPageItems)).default(1_000);
const partKey = z.object({ run_id: runIdSchema, round: roundNumberSchema });

export const clientsRouter =
  ({ db }: { readonly db: Db }): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['clients'], security: [{ bearer: [] }] };

    app.get(
      '/api/clients',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listClients',
          summary: 'All registered clients; without run_id, each as it was last seen',
          querystring: keysetQuery(clientIdSchema, {
            limit,
            run_id: runIdSchema.optional(),
            status: clientStatusSchema.optional(),
          }),
          response: { 200: keysetPageOf(clientSchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { query } = request;
        const visible = visibleTo(request);
        return toPage(await listClients(db, { ...query, visible, after: query.cursor }), query);
      },
    );

    app.get(
      '/api/clients/:client_id/history',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getClientHistory',
          summary: "A client's part in every round: its newest run first, in each the newest part",
          params: z.object({ client_id: clientIdSchema }),
          querystring: keysetQuery(partKey, { limit, run_id: runIdSchema.optional() }),
          response: {
            200: clientHistorySchema,
            ...problems(401, 403, 404, 422),
          },
        },
      },
      async (request) => {
        const { query, params } = request;
        const { client_id } = params;
        const visible = visibleTo(request);
        const history = await clientHistory(db, { visible, client_id, ...query, after: query.cursor });
        if (!history) throw new NotFound(`there is no client ${client_id}`);
        return { client_id, ...toPage(history, query) };
      },
    );
  };
