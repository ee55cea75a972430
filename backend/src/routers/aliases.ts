import {
  aliasNameSchema,
  aliasSchema,
  automaticAliases,
  modelVersionSchema,
  type RunId,
  runIdSchema,
} from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { visibleTo } from '../auth/access.ts';
import { recordAudit } from '../auth/audit.ts';
import { principalOf } from '../auth/plugin.ts';
import type { Db } from '../db/db.ts';
import { type Alias, findAlias, listAliases } from '../db/queries/model-aliases.ts';
import { findModel } from '../db/queries/models.ts';
import { Conflict, NotFound } from '../errors.ts';
import type { IngestWriter } from '../ingest/writer.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { managedRun, seenRun } from './seen.ts';

interface AliasesDeps {
  readonly db: Db;
  readonly writer: IngestWriter;
}

const params = z.object({ run_id: runIdSchema, alias: aliasNameSchema });

export const aliasesRouter =
  ({ db, writer }: AliasesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['models'], security: [{ bearer: [] }] };

    const existing = async (runId: RunId, alias: string): Promise<Alias> => {
      const found = await findAlias(db, runId, alias);
      if (!found) throw new NotFound(`run ${runId} has no alias ${alias}`);
      return found;
    };
    const mustBeOfPeople = (alias: string) => {
      if (automaticAliases.includes(alias)) throw new Conflict(`${alias} is kept by the server; choose another name`);
    };

    app.get(
      '/api/runs/:run_id/aliases',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listAliases',
          summary: 'The names that point to versions of a run',
          params: z.object({ run_id: runIdSchema }),
          response: {
            200: z.object({ items: z.array(aliasSchema), total: z.int().min(0) }),
            ...problems(401, 403, 404, 422),
          },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        const items = await listAliases(db, run_id);
        return { items, total: items.length };
      },
    );

    app.put(
      '/api/runs/:run_id/aliases/:alias',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'setAlias',
          summary: 'Point an alias to a version of the run',
          params,
          body: z.object({ version: modelVersionSchema }),
          response: { 200: aliasSchema, ...problems(400, 401, 403, 404, 409, 422, 503) },
        },
      },
      async (request) => {
        const { run_id, alias } = request.params;
        const { project_id } = await managedRun(db, request, run_id);
        const { version } = request.body;
        mustBeOfPeople(alias);
        if (!(await findModel(db, version, visibleTo(request), run_id)))
          throw new NotFound(`run ${run_id} has no model ${version}`);
        const before = await findAlias(db, run_id, alias);
        const detail = { run_id, version, from: before?.version ?? null };
        const record = (tx: Db) =>
          recordAudit(tx, request, { action: 'alias.set', target_type: 'alias', target: alias, detail, project_id });
        const set_by = principalOf(request).username;
        await writer.submit([{ type: 'alias_set', run_id, at: now(), alias, version, set_by, record }]);
        return existing(run_id, alias);
      },
    );

    app.delete(
      '/api/runs/:run_id/aliases/:alias',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'deleteAlias',
          summary: 'Take an alias away; the version stays',
          params,
          response: { 204: z.null(), ...problems(401, 403, 404, 409, 422, 503) },
        },
      },
      async (request, reply) => {
        const { run_id, alias } = request.params;
        const { project_id } = await managedRun(db, request, run_id);
        mustBeOfPeople(alias);
        const { version } = await existing(run_id, alias);
        const detail = { run_id, from: version };
        const record = (tx: Db) =>
          recordAudit(tx, request, { action: 'alias.delete', target_type: 'alias', target: alias, detail, project_id });
        await writer.submit([{ type: 'alias_deleted', run_id, alias, record }]);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/runs/:run_id/aliases/:alias/rollback',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'rollBackAlias',
          summary: 'Point an alias to the version that it had before',
          params,
          response: { 200: aliasSchema, ...problems(401, 403, 404, 409, 422, 503) },
        },
      },
      async (request) => {
        const { run_id, alias } = request.params;
        const { project_id } = await managedRun(db, request, run_id);
        mustBeOfPeople(alias);
        const { version, previous_version } = await existing(run_id, alias);
        const detail = { run_id, from: version, version: previous_version };
        const record = (tx: Db) =>
          recordAudit(tx, request, {
            action: 'alias.rollback',
            target_type: 'alias',
            target: alias,
            detail,
            project_id,
          });
        const set_by = principalOf(request).username;
        const notice = { type: 'alias_rolled_back', run_id, at: now(), alias, set_by, record } as const;
        const { accepted } = await writer.submit([notice]);
        if (accepted === 0) throw new Conflict(`${alias} had no version before this one that is still there`);
        return existing(run_id, alias);
      },
    );
  };

const now = () => new Date().toISOString();
