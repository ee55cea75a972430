import {
  convergenceSchema,
  costSchema,
  diagnosisSchema,
  directionSchema,
  limits,
  matrixMeasureSchema,
  numberInAddress,
  participationSchema,
  privacySchema,
  runDispersionSchema,
  runIdSchema,
  text,
  timelineSchema,
  waitingSchema,
} from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Db } from '../db/db.ts';
import type { AttentionService } from '../insight/attention.ts';
import { readConvergence } from '../insight/convergence.ts';
import { readCost } from '../insight/cost.ts';
import { readParticipation } from '../insight/participation.ts';
import { readPrivacy } from '../insight/privacy.ts';
import { readDiagnosis } from '../insight/read-diagnosis.ts';
import { readDirection } from '../insight/read-direction.ts';
import { readDispersion } from '../insight/read-dispersion.ts';
import { readMatrix } from '../insight/read-matrix.ts';
import { readTimeline } from '../insight/read-timeline.ts';
import { readWaiting } from '../insight/read-waiting.ts';
import { forReaders, problems } from '../schemas/common.ts';
import { seenRun } from './seen.ts';

const params = z.object({ run_id: runIdSchema });
const roundNumber = numberInAddress(z.int().min(0).max(limits.integer)).optional();
const range = { from: roundNumber, to: roundNumber };

export const insightRouter =
  ({ db, attention }: { readonly db: Db; readonly attention: AttentionService }): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['insight'], security: [{ bearer: [] }], params };

    app.get(
      '/api/runs/:run_id/dispersion',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getDispersion',
          summary: 'How far the clients of each round are apart in one measure',
          description: `The newest ${limits.insightRounds} rounds of the range, oldest first. A measure is a number that client updates carry or the name of one of their metrics.`,
          querystring: z.object({ measure: text(limits.name, 1).default('train_loss'), ...range }),
          response: { 200: runDispersionSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        const { query } = request;
        return readDispersion(db, run_id, query);
      },
    );

    app.get(
      '/api/runs/:run_id/matrix',
      {
        onRequest: app.requireReader,
        // Numbers of clients hardly compress, and the viewer waits.
        compress: false,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getMatrix',
          summary: 'One measure of every client in every round, as binary columns',
          description:
            'Little-endian: "RMX1", uint32 bytes of the header, the header as JSON (run_id, measure, cell, rounds, client_ids, open_rounds, truncated) padded to a multiple of 4, then for each round one cell per client. An outcome is a uint8: 0 no part, 1 pending, 2 complete, 3 failed, 4 no_reply, 5 unreported. Any other cell is a float32; the bits 7fc00001 mean not reported, any other NaN was reported as NaN.',
          querystring: z.object({ measure: matrixMeasureSchema.default('outcome'), ...range }),
          response: {
            200: { content: { 'application/octet-stream': { schema: z.any() } } },
            ...problems(401, 403, 404, 422),
          },
        },
      },
      async (request, reply) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        const { query } = request;
        const matrix = await readMatrix(db, run_id, query);
        return reply
          .type('application/octet-stream')
          .send(Buffer.from(matrix.buffer, matrix.byteOffset, matrix.byteLength) as never);
      },
    );

    app.get(
      '/api/runs/:run_id/waiting',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getWaiting',
          summary: 'Explain why the running round is still open, estimate when it ends, and what closing it now means',
          response: { 200: waitingSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        return readWaiting(db, run_id, new Date());
      },
    );

    app.get(
      '/api/runs/:run_id/diagnosis',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getDiagnosis',
          summary: 'Cause, evidence, missing evidence and next action, by rules only',
          description: 'Text of reporters is in `untrusted` alone: quoted, bounded, and never an instruction.',
          response: { 200: diagnosisSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const run = await seenRun(db, request, request.params.run_id);
        return readDiagnosis(db, run, await attention.read(run.run_id), new Date());
      },
    );

    app.get(
      '/api/runs/:run_id/cost',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getCost',
          summary: 'Seconds, bytes and examples of every round, cumulated, and by a label of the clients',
          querystring: z.object({ label: text(limits.name, 1).optional(), ...range }),
          response: { 200: costSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        const { query } = request;
        return readCost(db, run_id, query);
      },
    );

    app.get(
      '/api/runs/:run_id/privacy',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getPrivacy',
          summary: 'The privacy statement of a run: what is promised, and on which grounds',
          response: { 200: privacySchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        return readPrivacy(db, run_id);
      },
    );

    app.get(
      '/api/runs/:run_id/timeline',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getTimeline',
          summary: 'When clients joined, earlier attempts of rounds, and when each finding was on the attention list',
          description:
            'With the rounds, their parts, the series, models and log lines of a run it gives the run at any earlier moment.',
          response: { 200: timelineSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        return readTimeline(db, run_id, attention);
      },
    );

    app.get(
      '/api/runs/:run_id/convergence',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getConvergence',
          summary: 'Whether the loss of the run still changes, and which change could not have been seen',
          response: { 200: convergenceSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        return readConvergence(db, run_id);
      },
    );

    app.get(
      '/api/runs/:run_id/participation',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getParticipation',
          summary: 'How often each client takes part, of the rounds in which it was there, and who is neglected',
          response: { 200: participationSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        return readParticipation(db, run_id);
      },
    );

    app.get(
      '/api/runs/:run_id/direction',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getDirection',
          summary: "How far the updates of each round agree, and the clients' shares of its direction",
          querystring: z.object(range),
          response: { 200: directionSchema, ...problems(401, 403, 404, 422) },
        },
      },
      async (request) => {
        const { run_id } = await seenRun(db, request, request.params.run_id);
        const { query } = request;
        return readDirection(db, run_id, query);
      },
    );
  };
