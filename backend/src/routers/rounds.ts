import {
  keysetPageOf,
  numberedRoundSchema,
  numberInAddress,
  type Round,
  roundDetailSchema,
  roundNumberSchema,
  roundSchema,
  roundStatusSchema,
  runIdSchema,
  stopRequestSchema,
} from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { visibleTo } from '../auth/access.ts';
import { recordAudit } from '../auth/audit.ts';
import { principalOf } from '../auth/plugin.ts';
import type { Db } from '../db/db.ts';
import { findNumbered, findRound, findRoundDetail, listRounds } from '../db/queries/rounds.ts';
import { NotFound } from '../errors.ts';
import { requestStop, type StopDeps } from '../ingest/request-stop.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { keysetQuery, toPage } from '../schemas/cursor.ts';
import { managedRun, seenRun } from './seen.ts';

const params = z.object({ round_id: numberInAddress(z.int().min(1)) });
const ofRun = z.object({ run_id: runIdSchema });
// A number of a round or an id, as the list is of one run or of all.
const key = z.int().min(0);

export const roundsRouter =
  (deps: StopDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const { db } = deps;
    const about = { tags: ['rounds'], security: [{ bearer: [] }] };

    const found = <T>(round: T | undefined, roundId: number): T => {
      if (!round) throw new NotFound(`there is no round with round_id ${roundId}`);
      return round;
    };

    app.get(
      '/api/rounds',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listRounds',
          summary: 'Rounds, newest first',
          querystring: keysetQuery(key, { run_id: runIdSchema.optional(), status: roundStatusSchema.optional() }),
          response: { 200: keysetPageOf(roundSchema), ...problems(401, 403, 422) },
        },
      },
      async (request) => {
        const { query } = request;
        const visible = visibleTo(request);
        return toPage(await listRounds(db, { ...query, visible, after: query.cursor }), query);
      },
    );

    app.get(
      '/api/runs/:run_id/rounds',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listRunRounds',
          summary: 'The rounds of a run, the highest number first',
          params: ofRun,
          querystring: keysetQuery(key, { status: roundStatusSchema.optional() }),
          response: { 200: keysetPageOf(roundSchema), ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { query } = request;
        const { run_id } = await seenRun(db, request, request.params.run_id);
        return toPage(
          await listRounds(db, { ...query, run_id, visible: visibleTo(request), after: query.cursor }),
          query,
        );
      },
    );

    app.get(
      '/api/runs/:run_id/rounds/:round',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getRunRound',
          summary: 'A round by its number, with its client updates and the numbers of its neighbours',
          params: ofRun.extend({
            round: numberInAddress(roundNumberSchema).describe('The number of the round'),
          }),
          response: { 200: numberedRoundSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { round } = request.params;
        const { run_id } = await seenRun(db, request, request.params.run_id);
        const numbered = await findNumbered(db, run_id, round);
        const detail = numbered && (await findRoundDetail(db, numbered.round_id, visibleTo(request)));
        if (!detail) throw new NotFound(`there is no round ${round} in run ${run_id}`);
        return { ...detail, neighbours: numbered.neighbours };
      },
    );

    app.get(
      '/api/rounds/:round_id',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getRound',
          summary: 'One round with what became of every selected client',
          params,
          response: {
            200: roundDetailSchema,
            ...problems(401, 403, 404, 422),
          },
        },
      },
      async (request) => {
        const { round_id } = request.params;
        return found(await findRoundDetail(db, round_id, visibleTo(request)), round_id);
      },
    );

    app.post(
      '/api/rounds/:round_id/stop',
      {
        onRequest: app.requireUser,
        schema: {
          ...about,
          operationId: 'stopRound',
          summary: 'Ask the FL server to close a round, or its whole run, with what has come back so far',
          description:
            'Asked again while the request is open, it is the same request. With scope `run` the answer to watch is the `stop` of the run.',
          params,
          body: stopRequestSchema,
          response: { 202: roundSchema, ...problems(400, 401, 403, 404, 409, 422, 503) },
        },
      },
      async (request, reply) => {
        const { body, params } = request;
        const { run_id } = found(await findRound(db, params.round_id, visibleTo(request)), params.round_id);
        const { project_id } = await managedRun(db, request, run_id);
        const target = String(params.round_id);
        const recordFor =
          ({ run_id, round }: Round) =>
          (tx: Db) => {
            const detail = { run_id, round, ...body };
            return recordAudit(tx, request, { action: 'round.stop', target_type: 'round', target, detail, project_id });
          };
        const requested_by = principalOf(request).username;
        return reply.code(202).send(await requestStop(deps, { ...params, ...body, requested_by, recordFor }));
      },
    );
  };
