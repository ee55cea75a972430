import { numberInAddress, runIdSchema, serverMessageSchema, text } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { visibleTo } from '../auth/access.ts';
import { NotFound } from '../errors.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { readMissing } from '../websocket/catch-up.ts';
import type { LiveSource } from '../websocket/live-source.ts';

const query = z.object({
  run_id: runIdSchema.optional().describe('Unset: the run that a socket would follow'),
  epoch: text(64).optional().describe('Of the run as the viewer knows it'),
  seq: numberInAddress(z.int().min(0)).optional().describe('How much of the run the viewer knows'),
  others_seq: numberInAddress(z.int().min(0))
    .optional()
    .describe('`complete_at` of the snapshot, until `seq` has reached it: all but the clients are known up to here'),
});

/** For pages behind a proxy that does not pass WebSocket on. [S13] */
export const liveRouter =
  ({ source }: { source: LiveSource }): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/live',
      {
        onRequest: app.requireReader,
        schema: {
          ...forReaders,
          tags: ['runs'],
          operationId: 'pollLive',
          summary: 'What the socket would send next',
          description:
            'For a viewer that no socket reaches: with `epoch` and `seq` of what it knows, the changes since then, else a snapshot. Ask at most every few seconds.',
          querystring: query,
          response: { 200: serverMessageSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request, reply) => {
        const { run_id: runId, others_seq: othersSeq, ...known } = request.query;
        const message = await readMissing(source, visibleTo(request), { runId, othersSeq, ...known });
        if (message === undefined) throw new NotFound(`there is no run ${runId}`);
        // It is text already, as the sockets of this server send it.
        return reply.type('application/json').send(message as never);
      },
    );
  };
