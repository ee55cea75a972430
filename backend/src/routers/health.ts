import { healthSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Database } from '../db/database.ts';

interface HealthDeps {
  readonly database: Pick<Database, 'kind' | 'ping'>;
  readonly version: string;
  readonly countViewers: () => number;
  /** Why nothing can be stored; null while there is room. [B5] */
  readonly diskProblem: () => string | null;
}

// Longer than any transaction that the embedded database may be busy with.
const patienceMs = 3_000;

export const healthRouter =
  ({ database, version, countViewers, diskProblem }: HealthDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/health',
      {
        schema: {
          operationId: 'getHealth',
          tags: ['health'],
          summary: 'Check the server and its database',
          response: { 200: healthSchema, 503: healthSchema },
        },
      },
      async (request, reply) => {
        const about = {
          version,
          database: database.kind,
          viewers: countViewers(),
          uptime_s: Math.floor(process.uptime()),
        };
        try {
          await database.ping(patienceMs);
          // Reads go on without room: a proxy must not take this server out.
          const reason = diskProblem();
          return reply.send(reason === null ? { status: 'ok', ...about } : { status: 'degraded', reason, ...about });
        } catch (error) {
          request.log.warn({ err: error }, 'the database does not answer');
          return reply.code(503).send({ status: 'degraded', reason: 'the database does not answer', ...about });
        }
      },
    );
  };
