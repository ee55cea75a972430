import { ingestAnswerSchema, ingestRequestSchema, limits } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { validateEvents } from '../ingest/validate-events.ts';
import type { IngestWriter } from '../ingest/writer.ts';
import { problems } from '../schemas/common.ts';

interface IngestDeps {
  readonly writer: IngestWriter;
  readonly countEvents: (result: 'accepted' | 'duplicate' | 'rejected', count: number) => void;
}

export const ingestRouter =
  ({ writer, countEvents }: IngestDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/api/ingest',
      {
        onRequest: app.requireScope('ingest'),
        bodyLimit: limits.batchBytes,
        schema: {
          operationId: 'ingest',
          tags: ['ingest'],
          security: [{ apiKey: [] }],
          summary: 'Report what happened; answered after it is stored',
          description: 'Each event is judged alone: `rejected` names the bad ones by index, the good ones are stored.',
          body: ingestRequestSchema,
          response: { 200: ingestAnswerSchema, ...problems(400, 401, 403, 413, 415, 422, 503) },
        },
      },
      async ({ body: { reporter_id, batch, events }, reporterKey }) => {
        const { facts, rejected } = await validateEvents(events);
        const key_id = reporterKey?.key_id ?? '';
        const outcome = await writer.submit(facts, { key_id, reporter_id, batch });
        countEvents('accepted', outcome.accepted);
        countEvents('duplicate', outcome.duplicates);
        countEvents('rejected', rejected.length);
        return { ...outcome, rejected };
      },
    );
  };
