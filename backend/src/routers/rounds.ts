import { clientUpdateSchema, roundSchema, roundStatusSchema, runIdSchema, text } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { principalOf } from '../auth/plugin.ts';
import type { Db } from '../db/database.ts';
import { findRound, findRoundDetail, listRounds } from '../db/queries/rounds.ts';
import { NotFound } from '../errors.ts';
import { requestStop } from '../ingest/request-stop.ts';
import type { IngestWriter } from '../ingest/writer.ts';
import { pageOf, pageQuery, problems } from '../schemas/common.ts';

interface RoundsDeps {
  readonly db: Db;
  readonly writer: IngestWriter;
}

const params = z.object({ round_id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

export const roundsRouter =
  ({ db, writer }: RoundsDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['rounds'], security: [{ bearer: [] }] };

    const found = <T>(round: T | undefined, roundId: number): T => {
      if (!round) throw new NotFound(`there is no round with round_id ${roundId}`);
      return round;
    };

    app.get(
      '/api/rounds',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'listRounds',
          summary: 'Rounds, newest first',
          querystring: z.object({ ...pageQuery, run_id: runIdSchema.optional(), status: roundStatusSchema.optional() }),
          response: { 200: pageOf(roundSchema), ...problems(401, 422) },
        },
      },
      async ({ query }) => ({ ...(await listRounds(db, query)), limit: query.limit, offset: query.offset }),
    );

    app.get(
      '/api/rounds/:round_id',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'getRound',
          summary: 'One round with what became of every selected client',
          params,
          response: {
            200: roundSchema.extend({ client_updates: z.array(clientUpdateSchema) }),
            ...problems(401, 404, 422),
          },
        },
      },
      async ({ params: { round_id } }) => found(await findRoundDetail(db, round_id), round_id),
    );

    app.post(
      '/api/rounds/:round_id/stop',
      {
        onRequest: app.requireAdmin,
        schema: {
          ...about,
          operationId: 'stopRound',
          summary: 'Ask the FL server to close a round with what has come back so far',
          params,
          body: z.object({ reason: text(2_000, 1) }),
          response: { 202: roundSchema, ...problems(400, 401, 403, 404, 409, 422, 503) },
        },
      },
      async (request, reply) => {
        const { round_id } = request.params;
        const round = found(await findRound(db, round_id), round_id);
        await requestStop(db, writer, {
          round,
          reason: request.body.reason,
          requested_by: principalOf(request).username,
        });
        return reply.code(202).send(found(await findRound(db, round_id), round_id));
      },
    );
  };
