import { type Fact, type IngestAnswer, ingestAnswerSchema, ingestRequestSchema, limits } from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { notYours } from '../errors.ts';
import type { SubmitResult } from '../ingest/job.ts';
import type { KeyUsage } from '../ingest/key-usage.ts';
import { parseBatch } from '../ingest/parse-batch.ts';
import { validateEvents } from '../ingest/validate-events.ts';
import type { IngestWriter } from '../ingest/writer.ts';
import { problems } from '../schemas/common.ts';

interface IngestDeps {
  readonly writer: IngestWriter;
  readonly usage: KeyUsage;
  /** Throws while the disk is full. [B5] */
  readonly checkRoom: () => void;
  readonly countEvents: (result: 'accepted' | 'duplicate' | 'rejected', count: number) => void;
}

export const ingestRouter =
  ({ writer, usage, checkRoom, countEvents }: IngestDeps): FastifyPluginAsyncZod =>
  async (app) => {
    // As Fastify's own, which drops names that reach for a prototype, but sizes are checked first.
    const parser = app.getDefaultJsonParser('remove', 'remove');
    const parse = (text: string): unknown => {
      let result: unknown;
      parser({} as never, text, (error, parsed) => {
        if (error) throw error;
        result = parsed;
      });
      return result;
    };
    app.removeContentTypeParser('application/json');
    const sizes = new WeakMap<FastifyRequest, number>();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer) => {
      usage.checkBatch({ bytes: body.length });
      sizes.set(request, body.length);
      return parseBatch(body, parse);
    });

    app.post(
      '/api/ingest',
      {
        onRequest: [app.requireScope('ingest'), async () => checkRoom()],
        bodyLimit: limits.batchBytes,
        schema: {
          operationId: 'ingest',
          tags: ['ingest'],
          security: [{ apiKey: [] }],
          summary: 'Report what happened; answered after it is stored',
          description: 'Each event is judged alone: `rejected` names the bad ones by index, the good ones are stored.',
          body: ingestRequestSchema,
          response: { 200: ingestAnswerSchema, ...problems(400, 401, 403, 413, 415, 422, 429, 503, 507) },
        },
      },
      async (request, reply) => {
        const { reporter_id, batch, sent_at, events } = request.body;
        const { key_id, project_id } = request.reporterKey as NonNullable<typeof request.reporterKey>;
        const bytes = sizes.get(request) ?? 0;
        const settle = await usage.admit(key_id, { bytes });
        try {
          // As its first byte arrived: a slow line is no slow clock.
          const offset_ms = sent_at == null ? undefined : Date.parse(sent_at) - (Date.now() - reply.elapsedTime);
          const { facts, rejected: refused } = await validateEvents(events, parse);
          usage.checkBatch({ runs: new Set(facts.map(({ run_id }) => run_id)).size });
          const { accepted, isRepeated, commands, ...stored } = await writer.submit(facts, {
            key_id,
            reporter_id,
            batch,
            project_id,
            offset_ms,
            bytes,
          });
          // Every event of a known batch number is a duplicate, including those refused the first time. [I3]
          const [duplicates, rejected] = isRepeated
            ? [events.length, []]
            : [stored.duplicates, withRefusals(events.length, facts, refused, stored)];
          countEvents('accepted', accepted);
          countEvents('duplicate', duplicates);
          countEvents('rejected', rejected.length);
          return { accepted, duplicates, rejected, commands };
        } finally {
          settle();
        }
      },
    );
  };

/** All refusals by index: what is no fact, what is about a run of another project, what is over a bound. [I2] [O2] [B4] */
function withRefusals(
  numEvents: number,
  facts: readonly Fact[],
  unread: IngestAnswer['rejected'],
  { foreign, refused }: Pick<SubmitResult, 'foreign' | 'refused'>,
): IngestAnswer['rejected'] {
  if (foreign.length + refused.length === 0) return unread;
  const isUnread = new Set(unread.map(({ index }) => index));
  const positions = Array.from({ length: numEvents }, (_, index) => index).filter((index) => !isUnread.has(index));
  const explain = (fact: number, why: (said: Fact) => string) => {
    const [index, said] = [positions[fact], facts[fact]];
    return index === undefined || !said ? [] : [{ index, detail: `${said.type}: ${why(said)}` }];
  };
  const details = [
    ...foreign.flatMap((fact) => explain(fact, ({ run_id }) => notYours(run_id))),
    ...refused.flatMap(({ index, detail }) => explain(index, () => detail)),
  ];
  return [...unread, ...details].sort((a, b) => a.index - b.index);
}
