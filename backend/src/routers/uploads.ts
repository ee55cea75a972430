import { Readable } from 'node:stream';
import { defaultProject } from '@rondo/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ResumableUploads } from '../checkpoints/resumable-uploads.ts';
import { sendProblem } from '../plugins/error-handler.ts';
import { problems } from '../schemas/common.ts';

interface UploadsDeps {
  readonly uploads: ResumableUploads;
  /** Throws while the disk is full. [B5] */
  readonly checkRoom: () => void;
}

const params = z.object({ id: z.string().regex(/^[0-9a-f]{32}$/, 'must be the id of an upload') });
const tusVersion = '1.0.0';
// Bytes, not chunks: what a slow disk has not taken stays on the wire.
const buffered = new ByteLengthQueuingStrategy({ highWaterMark: 256 * 1024 });

/** The tus protocol, version 1.0.0 (tus.io): checkpoints over lines that break. */
export const uploadsRouter =
  ({ uploads, checkRoom }: UploadsDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/offset+octet-stream', (_request, stream, done) => done(null, stream));

    const answer = async (request: FastifyRequest, reply: FastifyReply) => {
      if (request.headers['tus-resumable'] !== tusVersion) return refuseVersion(reply);
      if (request.method === 'POST' || request.method === 'PATCH') checkRoom();
      const { key_id, name, project_id } = request.reporterKey as NonNullable<typeof request.reporterKey>;
      return relay(await uploads.handle(webRequestOf(request), { key_id, name, project_id }), reply);
    };
    const route = (operationId: string, summary: string, description: string) => ({
      onRequest: app.requireScope('models'),
      config: { readsStream: true },
      decompress: false as const,
      compress: false as const,
      schema: { tags: ['models'], security: [{ apiKey: [] }], operationId, summary, description },
    });
    const done = (description: string) => z.null().describe(description);

    // A client may query these without a key: versions, extensions and the maximum size.
    app.options('/api/uploads', { config: { cors: false }, schema: { hide: true } }, async (request, reply) =>
      relay(await uploads.handle(webRequestOf(request), { key_id: '', name: '', project_id: defaultProject }), reply),
    );

    const create = route(
      'createUpload',
      'Begin a resumable upload (tus)',
      '`Upload-Length`, and `Upload-Metadata` with version, run_id, sha256 and perhaps round, parent, format. `Location` is where to send it.',
    );
    app.post(
      '/api/uploads',
      {
        ...create,
        schema: {
          ...create.schema,
          response: { 201: done('Begun'), ...problems(400, 401, 403, 409, 412, 413, 415, 422, 429, 501, 503, 507) },
        },
      },
      answer,
    );

    const ask = route('getUpload', 'How much of an upload has arrived (tus)', '`Upload-Offset` says it.');
    app.head(
      '/api/uploads/:id',
      {
        ...ask,
        schema: {
          ...ask.schema,
          params,
          response: { 200: done('Known'), ...problems(400, 401, 403, 404, 410, 412, 422) },
        },
      },
      answer,
    );

    const append = route(
      'appendToUpload',
      'Send more of an upload (tus)',
      'From `Upload-Offset` on. The answer to the last byte comes when the version exists.',
    );
    app.patch(
      '/api/uploads/:id',
      {
        ...append,
        schema: {
          ...append.schema,
          params,
          response: {
            204: done('Arrived'),
            ...problems(400, 401, 403, 404, 409, 410, 412, 413, 415, 422, 503, 507),
          },
        },
      },
      answer,
    );

    const cancel = route('cancelUpload', 'Cancel an upload (tus)', 'Deletes the part that has arrived.');
    app.delete(
      '/api/uploads/:id',
      {
        ...cancel,
        schema: {
          ...cancel.schema,
          params,
          response: { 204: done('Removed'), ...problems(400, 401, 403, 404, 412, 422) },
        },
      },
      answer,
    );
  };

function webRequestOf({ method, url, headers, body }: FastifyRequest): Request {
  const given = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const stream = body instanceof Readable ? Readable.toWeb(body, { strategy: buffered }) : null;
  const init = { method, headers: given, body: stream, duplex: 'half' };
  return new Request(new URL(url, 'http://localhost'), init as RequestInit);
}

/** The library takes another version for a malformed header, and does not say which one it speaks. */
const refuseVersion = (reply: FastifyReply) =>
  sendProblem(reply.header('tus-version', tusVersion), {
    status: 412,
    title: 'Precondition Failed',
    detail: `the header Tus-Resumable must be ${tusVersion}`,
  });

async function relay(response: Response, reply: FastifyReply) {
  for (const [name, value] of response.headers) {
    // CORS is decided once, for all routes.
    if (!/^(access-control-|content-|connection$)/.test(name)) reply.header(name, value);
  }
  if (response.status < 400) return reply.code(response.status).send();
  const detail = (await response.text()).trim() || response.statusText;
  return sendProblem(reply, { status: response.status, title: titles[response.status] ?? 'Upload Refused', detail });
}

const titles: Record<number, string> = {
  404: 'Not Found',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
};
