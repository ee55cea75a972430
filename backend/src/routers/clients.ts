import { clientIdSchema, clientSchema, clientStatusSchema, clientUpdateSchema, runIdSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Db } from '../db/database.ts';
import { clientHistory, listClients } from '../db/queries/clients.ts';
import { NotFound } from '../errors.ts';
import { pageOf, pageQuery, problems } from '../schemas/common.ts';

// A federation is watched whole, so a page of clients is large.
const page = { ...pageQuery, limit: z.coerce.number().int().min(1).max(10_000).default(1_000) };

export const clientsRouter =
  ({ db }: { readonly db: Db }): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['clients'], security: [{ bearer: [] }] };

    app.get(
      '/api/clients',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'listClients',
          summary: 'All registered clients; without run_id, each as it was last seen',
          querystring: z.object({ ...page, run_id: runIdSchema.optional(), status: clientStatusSchema.optional() }),
          response: { 200: pageOf(clientSchema), ...problems(401, 422) },
        },
      },
      async ({ query }) => ({ ...(await listClients(db, query)), limit: query.limit, offset: query.offset }),
    );

    app.get(
      '/api/clients/:client_id/history',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'getClientHistory',
          summary: "A client's part in every round, newest first",
          params: z.object({ client_id: clientIdSchema }),
          querystring: z.object({ ...page, run_id: runIdSchema.optional() }),
          response: {
            200: z.object({ client_id: clientIdSchema, items: z.array(clientUpdateSchema), total: z.int().min(0) }),
            ...problems(401, 404, 422),
          },
        },
      },
      async ({ params: { client_id }, query }) => {
        const history = await clientHistory(db, { client_id, ...query });
        if (!history) throw new NotFound(`there is no client ${client_id}`);
        return history;
      },
    );
  };
