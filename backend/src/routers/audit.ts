import { auditEntrySchema, auditQuery, pageOf, pageQuery } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { managedBy } from '../auth/access.ts';
import type { Db } from '../db/db.ts';
import { listAudit } from '../db/queries/audit.ts';
import { problems } from '../schemas/common.ts';

export const auditRouter =
  ({ db }: { readonly db: Db }): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/audit',
      {
        onRequest: app.requireManager,
        schema: {
          tags: ['audit'],
          security: [{ bearer: [] }],
          operationId: 'listAudit',
          summary: 'List the audit log, newest first. Entries cannot be changed.',
          querystring: z.object({ ...pageQuery, ...auditQuery }),
          response: { 200: pageOf(auditEntrySchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { limit, offset } = request.query;
        return { ...(await listAudit(db, { ...request.query, visible: managedBy(request) })), limit, offset };
      },
    );
  };
