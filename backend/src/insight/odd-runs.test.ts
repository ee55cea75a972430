import {
  attentionRules,
  attentionSchema,
  convergenceSchema,
  costSchema,
  decodeMatrix,
  diagnosisSchema,
  directionSchema,
  matrixMeasureSchema,
  participationSchema,
  privacySchema,
  runDispersionSchema,
  timelineSchema,
  waitingSchema,
} from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { makeRun } from '../../testing/facts.ts';

let server: TestApp;
let headers: Readonly<Record<string, string>>;
let report: (events: readonly unknown[]) => Promise<unknown>;
beforeAll(async () => {
  server = await openTestApp({ offlineAfterMs: 3_600_000 });
  headers = (await server.signIn('admin')).headers;
  const reporter = await server.makeReporter();
  report = (events) => reporter.report(events);
});
afterAll(() => server.close());

type Run = ReturnType<typeof makeRun>;
type Fields = Readonly<Record<string, unknown>>;
const ids = (count: number) => Array.from({ length: count }, (_, n) => `c${n}`);
const numbers = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

const closed = (
  run: Run,
  round: number,
  clients: readonly string[],
  of: (n: number) => Fields | null,
  end: Fields = {},
) => [
  run.say('round_started', { round, client_ids: [...clients] }),
  ...clients.flatMap((client_id, n) => {
    const fields = of(n);
    return fields === null ? [] : [run.say('client_result', { round, client_id, sample_count: 10, ...fields })];
  }),
  run.say('round_complete', { round, ...end }),
];

/** Runs as they are outside of textbooks. */
const runs: Readonly<Record<string, (run: Run) => unknown[]>> = {
  'no round at all': () => [],
  'one client': (run) =>
    numbers(1, 30).flatMap((round) =>
      closed(run, round, ['only'], () => ({ train_loss: 1 / round, update_norm: 2, duration_ms: 5 })),
    ),
  'rounds without a result': (run) => numbers(1, 25).flatMap((round) => closed(run, round, ids(6), () => null)),
  'rounds without a client': (run) =>
    numbers(1, 12).flatMap((round) => [
      run.say('round_started', { round, client_ids: [] }),
      run.say('round_complete', { round }),
    ]),
  'losses that are all equal': (run) =>
    numbers(1, 30).flatMap((round) =>
      closed(run, round, ids(8), () => ({ train_loss: 0.5, update_norm: 1, cosine_to_mean: 1, duration_ms: 1_000 }), {
        global_loss: 0.5,
      }),
    ),
  'negative losses': (run) =>
    numbers(1, 30).flatMap((round) =>
      closed(run, round, ids(8), (n) => ({ train_loss: -round - n / 7, update_norm: 1 + n / 9 }), {
        global_loss: -round,
      }),
    ),
  'a client that joins at round 500': (run) =>
    numbers(490, 515).flatMap((round) =>
      closed(run, round, round < 500 ? ids(5) : [...ids(5), 'newcomer'], (n) => ({
        train_loss: 1 / (round + n),
        update_norm: 1 + n / 3,
      })),
    ),
  'a client with another name': (run) =>
    numbers(1, 24).flatMap((round) =>
      closed(run, round, [...ids(4), round < 12 ? 'before' : 'after'], (n) => ({
        train_loss: 1 / (round + n),
        update_norm: 1 + n,
      })),
    ),
  'rounds out of order': (run) =>
    [7, 3, 9, 1, 8, 2, 20, 5, 4, 6, 19].flatMap((round) =>
      closed(run, round, ids(4), (n) => ({ train_loss: 1 / (round + n) })),
    ),
  'rounds that are reported late': (run) => {
    const rounds = numbers(1, 14).map((round) =>
      closed(run, round, ids(4), (n) => ({ train_loss: 1 / (round + n), update_norm: n + 1 })),
    );
    const [starts, rest] = [rounds.map(([first]) => first), rounds.map((round) => round.slice(1))];
    return [...starts, ...rest.reverse().flat()];
  },
  'NaN everywhere': (run) =>
    numbers(1, 20).flatMap((round) =>
      closed(
        run,
        round,
        ids(5),
        () => ({
          train_loss: 'NaN',
          update_norm: 'NaN',
          cosine_to_mean: 'NaN',
          cosine_to_previous: 'NaN',
          duration_ms: 1,
          metrics: { accuracy: 'NaN', auc: '-Infinity' },
        }),
        { global_loss: 'NaN', global_accuracy: 'NaN', metrics: { f1: 'Infinity' }, update_norm: 'NaN' },
      ),
    ),
  'extreme numbers': (run) =>
    numbers(1, 20).flatMap((round) =>
      closed(run, round, ids(5), (n) => ({
        train_loss: n % 2 === 0 ? 1e308 : 5e-324,
        update_norm: n % 2 === 0 ? 1e300 : 1e-300,
        duration_ms: n % 2 === 0 ? 0 : 1e15,
        sample_count: n % 2 === 0 ? 0 : Number.MAX_SAFE_INTEGER,
        bytes_up: Number.MAX_SAFE_INTEGER,
      })),
    ),
  'rounds of a millisecond': (run) =>
    numbers(1, 20).flatMap((round) =>
      closed(run, round, ids(5), (n) => ({ duration_ms: 0.2 + n / 100, train_loss: 1 / round })),
    ),
  'an asynchronous server': (run) => [
    ...numbers(1, 20).flatMap((round) => [
      run.say('round_started', { round, client_ids: [`c${round % 3}`] }),
      run.say('client_result', { round, client_id: `c${round % 3}`, sample_count: 5, train_loss: 1 / round }),
      run.say('metric', { name: 'staleness', value: round % 4, step: round }),
      run.say('metric', { name: 'concurrency', value: 3, step: round }),
      run.say('round_complete', { round, global_loss: 1 / round }),
    ]),
    // A result of an old round.
    run.say('client_result', { round: 4, client_id: 'c2', sample_count: 5, train_loss: 1 }),
  ],
  '2,000 metric names of clients': (run) =>
    numbers(1, 3).flatMap((round) =>
      closed(run, round, ids(2), (n) => ({
        metrics: Object.fromEntries(numbers(1, 40).map((m) => [`m ${round} ${n} ${m}`, m])),
      })),
    ),
  'a round that is open, and clients that are late': (run) => [
    ...numbers(1, 12).flatMap((round) =>
      closed(run, round, ids(5), (n) => ({ duration_ms: 0.4 + n / 10, train_loss: 1 / (round + n) })),
    ),
    run.say('round_started', { round: 13, client_ids: ids(5) }),
    run.say('client_result', { round: 13, client_id: 'c0', sample_count: 10, train_loss: 1 }),
  ],
};

const views: readonly (readonly [string, z.ZodType])[] = [
  ['dispersion', runDispersionSchema],
  ['dispersion?measure=accuracy', runDispersionSchema],
  ['dispersion?measure=duration_ms&from=5&to=2', runDispersionSchema],
  ['waiting', waitingSchema],
  ['diagnosis', diagnosisSchema],
  ['cost', costSchema],
  ['cost?label=site&from=500', costSchema],
  ['privacy', privacySchema],
  ['timeline', timelineSchema],
  ['convergence', convergenceSchema],
  ['participation', participationSchema],
  ['direction', directionSchema],
  ['attention', attentionSchema],
];

/** All of them in turn, because a run asks for a few. */
const someOf = <T>(all: readonly T[], turn: number): T[] => [0, 1].map((n) => all[(2 * turn + n) % all.length] as T);

/** Words that no sentence for people has. */
const slips = /undefined|null\b|\[object|(?<![\d.])0(\.0)? m?s\b|NaN ?(s|ms|min|×|%)|Infinity ?(s|ms|min|×|%)/;

it.each(Object.keys(runs))(
  '[G4] every view of a run with %s answers, by its schema and in words',
  { timeout: 60_000 },
  async (name) => {
    const run = makeRun();
    const turn = Object.keys(runs).indexOf(name);
    const events = (runs[name] as (run: Run) => unknown[])(run);
    const answer = (await report([run.say('run_started', { name, framework: 'f' }), ...events])) as {
      readonly rejected?: readonly unknown[];
    };
    expect(answer?.rejected ?? []).toEqual([]);
    const get = (path: string) => server.ask('GET', `/api/runs/${run.id}/${path}`, headers);
    for (const [path, schema] of views) {
      const { statusCode, payload } = await get(path);
      expect([path, statusCode, statusCode === 200 ? '' : payload]).toEqual([path, 200, '']);
      const { error } = schema.safeParse(JSON.parse(payload));
      expect([path, error?.issues]).toEqual([path, undefined]);
      for (const [, text] of payload.matchAll(/"(?:sentence|detail|statement)":"([^"]*)"/g))
        expect(text, path).not.toMatch(slips);
    }
    for (const measure of someOf(matrixMeasureSchema.options, turn)) {
      const { statusCode, rawPayload } = await get(`matrix?measure=${measure}`);
      expect([measure, statusCode]).toEqual([measure, 200]);
      const { rounds, client_ids, cells } = decodeMatrix(new Uint8Array(rawPayload).buffer);
      expect(cells).toHaveLength(rounds.length * client_ids.length);
    }
    for (const rule of someOf(attentionRules, turn))
      expect([rule, (await get(`attention/replay?rule=${rule}`)).statusCode]).toEqual([rule, 200]);
    const listed = await server.ask('GET', `/api/runs?q=${run.id}&sort=last.loss`, headers);
    expect([listed.statusCode, listed.json<{ total: number }>().total]).toEqual([200, 1]);
  },
);
