import {
  axisSchema,
  clientIdSchema,
  limits,
  metricNamesSchema,
  metricsSummarySchema,
  numberInAddress,
  pageQuery,
  runIdSchema,
  type Series,
  seriesListSchema,
  seriesSchema,
  text,
} from '@rondo/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { visibleTo } from '../auth/access.ts';
import type { Db } from '../db/db.ts';
import { newestRunId } from '../db/queries/live.ts';
import { listMetricNames } from '../db/queries/metric-names.ts';
import { metricsSummary } from '../db/queries/metrics.ts';
import { readSeries } from '../db/queries/read-series.ts';
import { Invalid, NotFound } from '../errors.ts';
import { axisOf } from '../insight/axis.ts';
import { forReaders, problems, several } from '../schemas/common.ts';
import { seenRun } from './seen.ts';

const step = numberInAddress(z.int().min(0)).optional();

export const metricsRouter =
  ({ db }: { readonly db: Db }): FastifyPluginAsyncZod =>
  async (app) => {
    const about = { tags: ['metrics'], security: [{ bearer: [] }] };

    app.get(
      '/api/metrics/summary',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getMetricsSummary',
          summary: 'The latest global metrics, of the newest run unless one is named',
          querystring: z.object({ run_id: runIdSchema.optional() }),
          response: {
            200: metricsSummarySchema,
            ...problems(401, 403, 404, 422),
          },
        },
      },
      async (request) => {
        const run_id = request.query.run_id ?? (await newestRunId(db, visibleTo(request)));
        if (run_id === undefined) throw new NotFound('there is no run yet');
        return metricsSummary(db, (await seenRun(db, request, run_id)).run_id);
      },
    );

    app.get(
      '/api/metrics/names',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'listMetricNames',
          summary: "The names of the server's own series, or of a client's, by name",
          querystring: z.object({
            run_id: runIdSchema,
            client_id: clientIdSchema.optional(),
            ...pageQuery,
            limit: numberInAddress(z.int().min(1).max(limits.longPageItems)).default(1_000),
          }),
          response: {
            200: metricNamesSchema,
            ...problems(401, 403, 404, 422),
          },
        },
      },
      async (request) => {
        const { query } = request;
        const { limit, offset, client_id = null } = query;
        const { run_id } = await seenRun(db, request, query.run_id);
        return { run_id, client_id, ...(await listMetricNames(db, query)), limit, offset };
      },
    );

    app.get(
      '/api/metrics/series',
      {
        onRequest: app.requireReader,
        schema: {
          ...about,
          ...forReaders,
          operationId: 'getMetricSeries',
          summary: 'Series as columns; the least and the greatest of every bucket are kept',
          description: `With one run_id and one name the answer is the series. With several of either it is {items}: every name of every run, at most ${limits.seriesPerRequest} series.`,
          querystring: z.object({
            run_id: several(runIdSchema),
            name: several(text(limits.name, 1)),
            client_id: clientIdSchema.optional(),
            from: step,
            to: step,
            x: axisSchema
              .optional()
              .describe(
                'Adds the column `x`: milliseconds since the start of the run for time, cumulated for bytes and examples',
              ),
            max_points: numberInAddress(z.int().min(2).max(limits.seriesPoints)).default(2_000),
          }),
          response: {
            200: z.union([seriesSchema, seriesListSchema]),
            ...problems(401, 403, 404, 422),
          },
        },
      },
      async (request) => {
        const { run_id: ids, name: names, x, ...range } = request.query;
        const runs = [...new Set([ids].flat())];
        const wanted = [...new Set([names].flat())];
        if (runs.length * wanted.length > limits.seriesPerRequest)
          throw new Invalid([{ path: 'name', message: `asks for more than ${limits.seriesPerRequest} series` }]);
        const items: Series[] = [];
        for (const id of runs) {
          const run = await seenRun(db, request, id);
          const placed = x && axisOf(db, run, x);
          for (const name of wanted) {
            const query = { ...range, run_id: run.run_id, name };
            const series = await readSeries(db, query);
            const on = placed && { x: await placed(query, series) };
            items.push({ run_id: run.run_id, name, client_id: range.client_id ?? null, ...series, ...on });
          }
        }
        const [first] = items;
        return first && !Array.isArray(ids) && !Array.isArray(names) ? first : { items };
      },
    );
  };
