import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { defaultProject, importedRunSchema, newRunIdSchema, projectIdSchema, runIdSchema } from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { accessOf, mustManage } from '../auth/access.ts';
import { recordAudit } from '../auth/audit.ts';
import type { AuthServices } from '../auth/services.ts';
import type { EventBus } from '../bus/event-bus.ts';
import type { Checkpoints } from '../checkpoints/open-checkpoints.ts';
import type { Db } from '../db/db.ts';
import { Busy, LengthRequired, TooLarge } from '../errors.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { importRun } from '../transfer/load-run.ts';
import { exportRun } from '../transfer/write-run.ts';
import { seenRun } from './seen.ts';

interface TransferDeps {
  readonly auth: Pick<AuthServices, 'projects' | 'notes'>;
  readonly db: Db;
  readonly isEmbedded: boolean;
  readonly bus: EventBus;
  readonly checkpoints: Checkpoints;
  /** IMPORT_MAX_BYTES. */
  readonly maxImportBytes?: number | undefined;
  /** Throws while the disk is full. [B5] */
  readonly checkRoom: () => void;
  readonly onError: (error: unknown) => void;
}

// Each holds a connection to the database while it reads.
const exportsAtOnce = 2;

/** Whole runs, out and in. [X1] */
export const transferRouter =
  ({
    auth,
    db,
    isEmbedded,
    bus,
    checkpoints,
    maxImportBytes,
    checkRoom,
    onError,
  }: TransferDeps): FastifyPluginAsyncZod =>
  async (app) => {
    let exporting = 0;
    const mostBytes = maxImportBytes ?? checkpoints.staging.maxBytes;
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/zip', (_request, stream, done) => done(null, stream));

    app.get(
      '/api/runs/:run_id/export',
      {
        onRequest: app.requireReader,
        compress: false,
        schema: {
          tags: ['runs'],
          ...forReaders,
          operationId: 'exportRun',
          summary: 'A whole run as one zip',
          description:
            'manifest.json, run.json and every table as JSON Lines with exact numbers, and as CSV for people. Of one moment. With `models=true` also every model version and its content. Equal runs are equal files.',
          params: z.object({ run_id: runIdSchema }),
          querystring: z.object({
            models: z.enum(['true', 'false']).default('false').describe('Whether models are included'),
          }),
          response: {
            200: { description: 'The zip', content: { 'application/zip': { schema: z.any() } } },
            ...problems(401, 403, 404, 422, 503, 507),
          },
        },
      },
      async (request, reply) => {
        const { run_id, project_id } = await seenRun(db, request, request.params.run_id);
        const models = request.query.models === 'true';
        const name = encodeURIComponent(`${run_id}.rondo.zip`);
        reply.type('application/zip').header('content-disposition', `attachment; filename*=UTF-8''${name}`);
        if (request.method === 'HEAD') return reply.send(Readable.from([]) as never);
        checkRoom();
        if (exporting >= exportsAtOnce) throw new Busy(`${exporting} runs are being exported; try again`, 5);
        exporting += 1;
        const folder = checkpoints.staging.folder;
        const deps = { db, isEmbedded, store: checkpoints.store, folder, onError };
        const stream = await exportRun(deps, { run_id, models }).catch((error: unknown) => {
          exporting -= 1;
          throw error;
        });
        stream.once('close', () => {
          exporting -= 1;
        });
        const key = request.reporterKey?.name;
        const detail = { models, ...(key !== undefined && { key }) };
        const act = { action: 'run.export', target_type: 'run', target: run_id, detail, project_id } as const;
        await auth.notes.add(request, act);
        return reply.send(stream as never);
      },
    );

    app.post(
      '/api/runs/import',
      {
        onRequest: [app.requireUser, async () => checkRoom()],
        config: { readsStream: true },
        decompress: false,
        schema: {
          tags: ['runs'],
          security: [{ bearer: [] }],
          operationId: 'importRun',
          summary: 'Make a run of the file of an export',
          description:
            'The body is the zip, with its `Content-Length`, at most IMPORT_MAX_BYTES. All of it is imported or nothing. An id that is in use is 409; `run_id` gives the run another one.',
          consumes: ['application/zip'],
          querystring: z.object({
            project: projectIdSchema.default(defaultProject).describe('The project that gets the run'),
            run_id: newRunIdSchema.optional().describe('The id of the run here; by default the one that it had'),
          }),
          response: { 201: importedRunSchema, ...problems(400, 401, 403, 404, 409, 411, 413, 415, 422, 503, 507) },
        },
      },
      async (request, reply) => {
        const { run_id: wished, project } = request.query;
        const { id: project_id } = await auth.projects.seen(accessOf(request), project);
        mustManage(request, project_id);
        const length = Number(request.headers['content-length']);
        if (!Number.isSafeInteger(length)) throw new LengthRequired('Content-Length is required');
        if (length > mostBytes)
          throw new TooLarge(`${length} bytes are more than the ${mostBytes} of IMPORT_MAX_BYTES`);
        const record = async (tx: Db, run_id: typeof wished & {}, epoch: string) => {
          const act = { action: 'run.import', target_type: 'run', target: run_id, project_id } as const;
          await recordAudit(tx, request, act);
          await bus.announce(tx, { runs: [{ run_id, epoch, seq: 1, is_new_run: true }] });
        };
        const wish = { project_id, run_id: wished, now: new Date().toISOString(), record };
        const body = (request.body ?? Readable.from([])) as Readable;
        const { run_id, epoch, rows } = await checkpoints.staging.withFile(
          body,
          { bytes: length, mostBytes },
          async (file) => importRun({ db, isEmbedded, checkpoints }, file, (await stat(file)).size, wish),
        );
        bus.publish({ run_id, project_id, epoch, from_seq: 0, seq: 1, events: () => [], is_new_run: true });
        return reply.code(201).send({ run: await seenRun(db, request, run_id), rows });
      },
    );
  };
