import { type Fact, type IngestAnswer, ingestAnswerSchema, ingestRequestSchema, limits } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { notYours } from '../errors.ts';
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
      async ({ body: { reporter_id, batch, sent_at, events }, reporterKey }, reply) => {
        // As its first byte arrived: a slow line is no slow clock.
        const offset_ms = sent_at == null ? undefined : Date.parse(sent_at) - (Date.now() - reply.elapsedTime);
        const { facts, rejected: refused } = await validateEvents(events);
        const { key_id, project_id } = reporterKey as NonNullable<typeof reporterKey>;
        const { accepted, isRepeated, commands, foreign, ...stored } = await writer.submit(facts, {
          key_id,
          reporter_id,
          batch,
          project_id,
          offset_ms,
        });
        // Of a number that is taken all events are duplicates, also those that were refused the first time. [I3]
        const [duplicates, rejected] = isRepeated
          ? [events.length, []]
          : [stored.duplicates, withForeign(events.length, facts, refused, foreign)];
        countEvents('accepted', accepted);
        countEvents('duplicate', duplicates);
        countEvents('rejected', rejected.length);
        return { accepted, duplicates, rejected, commands };
      },
    );
  };

/** The refusals of both kinds by index: what is no fact, and what is about a run of another project. [I2] [O2] */
function withForeign(
  numEvents: number,
  facts: readonly Fact[],
  refused: IngestAnswer['rejected'],
  foreign: readonly number[],
): IngestAnswer['rejected'] {
  if (foreign.length === 0) return refused;
  const isRefused = new Set(refused.map(({ index }) => index));
  const positions = Array.from({ length: numEvents }, (_, index) => index).filter((index) => !isRefused.has(index));
  const details = foreign.flatMap((fact) => {
    const [index, said] = [positions[fact], facts[fact]];
    return index === undefined || !said ? [] : [{ index, detail: `${said.type}: ${notYours(said.run_id)}` }];
  });
  return [...refused, ...details].sort((a, b) => a.index - b.index);
}
