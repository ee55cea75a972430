import { Readable } from 'node:stream';
import {
  downloadLinkSchema,
  limits,
  type Model,
  modelSchema,
  modelVersionSchema,
  newVersionSchema,
  runIdSchema,
  saveQuery,
  sha256Schema,
} from '@rondo/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { visibleTo } from '../auth/access.ts';
import type { AuditedRequest } from '../auth/audit.ts';
import { type DownloadLinks, linkSeconds } from '../auth/download-links.ts';
import type { Notes } from '../auth/notes.ts';
import { principalOf } from '../auth/plugin.ts';
import { planDownload } from '../checkpoints/download.ts';
import type { Checkpoints } from '../checkpoints/open-checkpoints.ts';
import type { Db } from '../db/db.ts';
import { LengthRequired } from '../errors.ts';
import type { KeyUsage } from '../ingest/key-usage.ts';
import { sendProblem } from '../plugins/error-handler.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { seenModel } from './seen.ts';

interface ContentDeps {
  /** Throws while the disk is full. [B5] */
  readonly checkRoom: () => void;
  /** The path at which browsers reach this server; empty at the root. */
  readonly basePath: string;
  readonly db: Db;
  readonly checkpoints: Checkpoints;
  readonly links: DownloadLinks;
  readonly notes: Notes;
  readonly usage: KeyUsage;
}

const params = z.object({ version: modelVersionSchema });
const ofRun = { run_id: runIdSchema.optional().describe('required where several runs have a model of this name') };
const bytes = z.unknown().meta({ type: 'string', format: 'binary' });
const content = (description: string) => ({ description, content: { 'application/octet-stream': { schema: bytes } } });

/** The bytes of checkpoints, on their way in and out: never more of them in memory than a few pieces. */
export const modelContentRouter =
  ({ db, checkpoints, links, notes, basePath, checkRoom, usage }: ContentDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['models'] };
    /** Data leaves the server here, so the audit log notes the user. [security M7] */
    const noteDownload = (
      request: FastifyRequest,
      { version, run_id, sha256 }: Model,
      user?: AuditedRequest['principal'],
    ) => {
      const by = { principal: request.principal ?? user ?? null, ip: request.ip, id: request.id };
      const { range } = request.headers;
      const key = request.reporterKey?.name;
      const detail = {
        run_id,
        sha256,
        ...(range !== undefined && { range: range.slice(0, 64) }),
        ...(key !== undefined && { key }),
      };
      return notes.add(by, { action: 'model.download', target_type: 'model', target: version, detail });
    };
    // Whatever is not a stream of bytes would be gathered in memory.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/octet-stream', (_request, stream, done) => done(null, stream));

    app.put(
      '/api/models/:version',
      {
        onRequest: [app.requireScope('models'), async () => checkRoom()],
        config: { readsStream: true },
        decompress: false,
        schema: {
          ...about,
          security: [{ apiKey: [] }],
          operationId: 'saveModel',
          summary: 'Store a checkpoint in one request',
          description:
            'The body is the raw content, with its `Content-Length`. Sent again with the same digest it answers 200. Over a line that breaks, use /api/uploads.',
          consumes: ['application/octet-stream'],
          params: z.object({ version: newVersionSchema }),
          querystring: saveQuery,
          headers: z.object({ 'x-content-sha256': sha256Schema }),
          response: {
            201: modelSchema,
            200: modelSchema,
            ...problems(400, 401, 403, 409, 411, 413, 415, 422, 429, 503, 507),
          },
        },
      },
      async (request, reply) => {
        const { round = null, parent = null, format = null, run_id } = request.query;
        const { key_id, name: created_by, project_id } = request.reporterKey as NonNullable<typeof request.reporterKey>;
        const upload = { ...request.params, run_id, project_id, round, parent, format, created_by, key_id };
        const described = { ...upload, sha256: request.headers['x-content-sha256'] };
        const known = await checkpoints.registry.find(described);
        if (known) return reply.code(200).send(known);
        const save = (file: string) => checkpoints.registry.admit(file, described);
        const bytes = lengthOf(request);
        const settle = await usage.admit(key_id, { upload_bytes: bytes });
        try {
          const { model, isNew } = await checkpoints.staging.withFile(
            request.body as Readable,
            { bytes, key_id },
            save,
          );
          return reply.code(isNew ? 201 : 200).send(model);
        } finally {
          settle();
        }
      },
    );

    app.post(
      '/api/models/:version/download-link',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          security: [{ bearer: [] }],
          operationId: 'createDownloadLink',
          summary: 'An address that the browser itself can open, once, within a minute',
          params,
          querystring: z.object(ofRun),
          response: { 200: downloadLinkSchema, ...problems(401, 404, 409, 422) },
        },
      },
      async (request, reply) => {
        const { version } = request.params;
        const model = await seenModel(db, visibleTo(request), version, request.query.run_id);
        const link = await links.issue(principalOf(request), model);
        await notes.add(request, { action: 'model.download_link', target_type: 'model', target: version });
        reply.header('cache-control', 'no-store');
        return {
          url: `${basePath}/api/models/${encodeURIComponent(version)}/download?link=${link}`,
          expires_in: linkSeconds,
        };
      },
    );

    app.get(
      '/api/models/:version/download',
      {
        onRequest: async (request) => {
          if (!(request.query as { link?: string }).link) await app.requireReader(request);
        },
        compress: false,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'downloadModel',
          summary: 'The content of a version: whole, or one range of it',
          description:
            '`ETag` is the SHA-256, which `Repr-Digest` also says. `Range` (one), `If-Range` and `If-None-Match` are honoured.',
          params,
          querystring: z.object({
            ...ofRun,
            link: z.string().max(limits.token).optional().describe('from download-link, instead of a token'),
          }),
          response: {
            200: content('The whole content'),
            206: content('The range that was asked for'),
            304: z.null().describe('It is what the asker has'),
            ...problems(401, 403, 404, 409, 416, 422, 503),
          },
        },
      },
      async (request, reply) => {
        const { version } = request.params;
        const { link, run_id } = request.query;
        const isHead = request.method === 'HEAD';
        const use = link ? await links.redeem(link, version, { keep: isHead }) : undefined;
        const target = use ?? { run_id, visible: visibleTo(request) };
        const model = await seenModel(db, target.visible, version, target.run_id);
        const { status, headers, range } = planDownload(model, request.headers);
        reply.code(status).headers(headers);
        if (status === 416) return refuseRange(reply, model.size_bytes);
        if (status === 304) return reply.send();
        // Fastify answers HEAD with what GET would send, and recomputes the length for anything but a stream.
        if (!isHead) await noteDownload(request, model, use?.user);
        return reply.send(isHead ? Readable.from([]) : await checkpoints.store.open(model.sha256, range));
      },
    );
  };

/** Room is promised before the first byte is read, so how many there are must be known. */
function lengthOf({ headers }: FastifyRequest): number {
  const length = Number(headers['content-length']);
  if (!Number.isSafeInteger(length))
    throw new LengthRequired('Content-Length is required, or an upload by /api/uploads');
  return length;
}

const refuseRange = (reply: FastifyReply, size: number) =>
  sendProblem(reply, {
    status: 416,
    title: 'Range Not Satisfiable',
    detail: `the content has ${size} bytes, and the range starts past its end`,
  });
