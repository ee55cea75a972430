import {
  limits,
  listedRunSchema,
  projectIdSchema,
  runConditionSchema,
  runEditSchema,
  runEndSchema,
  runIdSchema,
  runPageSchema,
  runSchema,
  runSortSchema,
  runStatusSchema,
  text,
} from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { accessOf, mustManage, visibleTo } from '../auth/access.ts';
import { recordAudit } from '../auth/audit.ts';
import type { AuthServices } from '../auth/services.ts';
import type { EventBus } from '../bus/event-bus.ts';
import type { Db } from '../db/db.ts';
import { findRuns, orderName } from '../db/queries/find-runs.ts';
import { deleteRun, findRunRow } from '../db/queries/runs.ts';
import { Conflict, Invalid, NotFound } from '../errors.ts';
import type { IngestWriter } from '../ingest/writer.ts';
import { withSummaries } from '../insight/keep-summaries.ts';
import { forReaders, problems, several } from '../schemas/common.ts';
import { keysetQuery, toPage } from '../schemas/cursor.ts';
import { managedRun, seenRun } from './seen.ts';

interface RunsDeps {
  readonly auth: Pick<AuthServices, 'projects'>;
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly bus: EventBus;
  /** Deletes the rows that a deletion leaves. */
  readonly removal: { begin(): void };
}

// The end of a page: its order, its part of the list, its value and its run.
const key = z.tuple([
  z.string().max(limits.order),
  z.int().min(0).max(1),
  z.union([z.number().max(limits.momentMs).min(-limits.momentMs), text(limits.name)]),
  runIdSchema,
]);

const listQuery = keysetQuery(key, {
  run_id: several(runIdSchema).optional().describe('Only these runs; the parameter may be repeated'),
  status: runStatusSchema.optional(),
  project: projectIdSchema.optional(),
  q: text(limits.searchText).optional().describe('Only runs with this text in the name, the id, the notes or a tag'),
  tag: text(limits.name, 1).optional().describe('Only runs with this tag'),
  framework: text(limits.name, 1).optional().describe('Only runs of this framework'),
  condition: runConditionSchema.shape.state.optional().describe('Only running runs in this condition'),
  sort: runSortSchema.default('newest').describe('The column that the runs are sorted by'),
  order: z
    .enum(['asc', 'desc'])
    .optional()
    .describe('Unset: the best value or the newest run first, names and statuses from A to Z'),
}).loose();

// More keys than any filter needs.
const maxConfigKeys = 16;

/** The parameters `config.KEY=V`. */
function configOf(query: Readonly<Record<string, unknown>>): [string, string][] {
  const wanted = Object.entries(query).flatMap(([name, values]) =>
    name.startsWith('config.')
      ? [values].flat().map((value): [string, string] => [name.slice('config.'.length), String(value)])
      : [],
  );
  const isValid = text(limits.reason);
  for (const [key, value] of wanted) {
    if (key === '' || key.split('.').length > limits.configDepth || !isValid.safeParse(key + value).success)
      throw new Invalid([{ path: `config.${key}`, message: 'must name a key and have a value that can be stored' }]);
  }
  if (wanted.length > maxConfigKeys)
    throw new Invalid([{ path: 'config', message: `at most ${maxConfigKeys} keys can be filtered by` }]);
  return wanted;
}

const params = z.object({ run_id: runIdSchema });

export const runsRouter =
  ({ auth, db, writer, bus, removal }: RunsDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['runs'], security: [{ bearer: [] }] };

    app.get(
      '/api/runs',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listRuns',
          summary: 'Runs with their summaries, found and sorted',
          description:
            'Unsorted, the running runs come first, the last started at the top, then the others by their end. `config.KEY=V` filters by a key of the config or a path in it, as in `config.optimizer.lr=0.1`.',
          querystring: listQuery,
          response: { 200: runPageSchema, ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { query } = request;
        const after = query.cursor;
        const isOfMetric = /^(last|best)\./.test(query.sort);
        const isText = query.sort === 'name' || query.sort === 'status' || isOfMetric || after?.[1] === 1;
        const isFitting =
          after === undefined ||
          (after[0] === orderName(query) &&
            (typeof after[2] === 'string' ? isText : !isText || query.sort === 'newest') &&
            (!isOfMetric || after[1] === 1 || after[2] === 'Infinity' || Number.isFinite(Number(after[2] || 'x'))));
        if (!isFitting) throw new Invalid([{ path: 'cursor', message: 'is not a cursor of this list in this order' }]);
        const visible = visibleTo(request);
        const ids = query.run_id === undefined ? undefined : [query.run_id].flat();
        const found = await findRuns(db, { ...query, ids, visible, config: configOf(query), after });
        return toPage({ ...found, items: await withSummaries(db, found.items) }, query);
      },
    );

    app.get(
      '/api/runs/:run_id',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getRun',
          summary: 'One run with its summary',
          params,
          response: { 200: listedRunSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = request.params;
        const row = await findRunRow(db, run_id, visibleTo(request));
        const [run] = row ? await withSummaries(db, [row]) : [];
        if (!run) throw new NotFound(`there is no run ${run_id}`);
        return run;
      },
    );

    app.patch(
      '/api/runs/:run_id',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'editRun',
          summary: 'Change its name, tags or notes, or move it to another project',
          description: 'A move needs an admin of both projects.',
          params,
          body: runEditSchema,
          response: { 200: runSchema, ...problems(400, 401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = request.params;
        const { notes, ...shown } = request.body;
        const { project_id: from } = await managedRun(db, request, run_id);
        const { project_id = from } = request.body;
        if (project_id !== from) {
          await auth.projects.seen(accessOf(request), project_id);
          mustManage(request, project_id);
        }
        const moved = project_id !== from && { moved_from: from };
        const detail = { ...shown, ...moved, ...(notes !== undefined && { notes: 'changed' }) };
        const act = { action: 'run.update', target_type: 'run', target: run_id, detail } as const;
        const record = async (tx: Db) => {
          // The admins of both projects see it.
          for (const project of new Set([from, project_id]))
            await recordAudit(tx, request, { ...act, project_id: project });
        };
        await writer.submit([{ type: 'run_edited', run_id, ...request.body, record }]);
        if (moved) await bus.publishMove(db, { run_id, project_id });
        return seenRun(db, request, run_id);
      },
    );

    app.post(
      '/api/runs/:run_id/end',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'endRun',
          summary: 'End a run whose FL server no longer reports',
          description: 'Its open rounds end with it. A later report of its FL server opens the run again.',
          params,
          body: runEndSchema,
          response: { 200: runSchema, ...problems(400, 401, 403, 404, 409, 422, 503) },
        },
      },
      async (request) => {
        const { run_id } = request.params;
        const { project_id } = await managedRun(db, request, run_id);
        const act = {
          action: 'run.end',
          target_type: 'run',
          target: run_id,
          detail: request.body,
          project_id,
        } as const;
        const record = (tx: Db) => recordAudit(tx, request, act);
        const at = new Date().toISOString();
        const { accepted } = await writer.submit([{ type: 'run_ended', run_id, at, ...request.body, record }]);
        const run = await seenRun(db, request, run_id);
        if (accepted === 0) throw new Conflict(`run ${run_id} is ${run.status}: there is nothing left to end`);
        return run;
      },
    );

    app.delete(
      '/api/runs/:run_id',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'deleteRun',
          summary: 'Delete a run with all that was reported of it',
          params,
          response: { 204: z.null(), ...problems(401, 403, 404, 422) },
        },
      },
      async (request, reply) => {
        const { run_id } = request.params;
        const { project_id } = await managedRun(db, request, run_id);
        const { isWhole } = await db.transaction(async (tx) => {
          const deleted = await deleteRun(tx, run_id);
          if (!deleted) throw new NotFound(`there is no run ${run_id}`);
          await recordAudit(tx, request, { action: 'run.delete', target_type: 'run', target: run_id, project_id });
          await bus.announce(tx, { deleted_runs: [run_id] });
          return deleted;
        });
        bus.publishDeletion(run_id);
        if (!isWhole) removal.begin();
        return reply.code(204).send(null);
      },
    );
  };
