import { limits, matrixMeasureSchema, type RunId, runDispersionSchema, runIdSchema, text } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Db } from '../db/db.ts';
import { findRun } from '../db/queries/runs.ts';
import { NotFound } from '../errors.ts';
import { readDispersion } from '../insight/read-dispersion.ts';
import { readMatrix } from '../insight/read-matrix.ts';
import { problems } from '../schemas/common.ts';

const params = z.object({ run_id: runIdSchema });
const roundNumber = z.coerce.number().int().min(0).max(2_147_483_647).optional();
const range = { from: roundNumber, to: roundNumber };

export const insightRouter =
  ({ db }: { readonly db: Db }): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['insight'], security: [{ bearer: [] }], params };

    const existing = async (runId: RunId) => {
      const run = await findRun(db, runId);
      if (!run) throw new NotFound(`there is no run ${runId}`);
      return run;
    };

    app.get(
      '/api/runs/:run_id/dispersion',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'getDispersion',
          summary: 'How far the clients of each round are apart in one measure',
          description: `The newest ${limits.insightRounds} rounds of the range, oldest first. A measure is a number that client updates carry or the name of one of their metrics.`,
          querystring: z.object({ measure: text(limits.name, 1).default('train_loss'), ...range }),
          response: { 200: runDispersionSchema, ...problems(401, 404, 422) },
        },
      },
      async ({ params: { run_id }, query }) => {
        await existing(run_id);
        return readDispersion(db, run_id, query);
      },
    );

    app.get(
      '/api/runs/:run_id/matrix',
      {
        onRequest: app.requireUser,
        // Numbers of clients hardly compress, and the viewer waits.
        compress: false,
        schema: {
          ...about,
          operationId: 'getMatrix',
          summary: 'One measure of every client in every round, as binary columns',
          description:
            'Little-endian: "RMX1", uint32 bytes of the header, the header as JSON (run_id, measure, cell, rounds, client_ids, open_rounds, truncated) padded to a multiple of 4, then for each round one cell per client. An outcome is a uint8: 0 no part, 1 pending, 2 complete, 3 failed, 4 no_reply, 5 unreported. Any other cell is a float32; the bits 7fc00001 mean not reported, any other NaN was reported as NaN.',
          querystring: z.object({ measure: matrixMeasureSchema.default('outcome'), ...range }),
          response: {
            200: { content: { 'application/octet-stream': { schema: z.any() } } },
            ...problems(401, 404, 422),
          },
        },
      },
      async ({ params: { run_id }, query }, reply) => {
        await existing(run_id);
        const matrix = await readMatrix(db, run_id, query);
        return reply
          .type('application/octet-stream')
          .send(Buffer.from(matrix.buffer, matrix.byteOffset, matrix.byteLength) as never);
      },
    );
  };
