import { feed } from '../lib/feed.ts';
import type { Context, Figure } from '../lib/figure.ts';
import { multiply } from '../lib/multiply.ts';
import { quantiles } from '../lib/quantiles.ts';
import type { Rest } from '../lib/rest.ts';
import { withDataDir, withServer } from '../lib/server.ts';

const few = 100;
/** The others are copies of these. */
const reported = 1_000;
const apartS = 60;
const times = 100;
const settings = { KEY_RUNS_PER_BATCH: '1000000', KEY_RUNS_PER_DAY: '10000000' };

const pages = [
  ['newest', '/api/runs?limit=20'],
  ['by name', '/api/runs?limit=20&sort=name&order=asc'],
  ['by loss', '/api/runs?limit=20&sort=last.loss&order=asc'],
  ['of a tag', '/api/runs?limit=20&tag=even'],
  ['of a configuration', '/api/runs?limit=20&config.optimizer=adam'],
  ['found by a word', '/api/runs?limit=20&q=nightly-7'],
] as const;

/** The first page of runs, with a hundred of them and with a hundred thousand. */
export async function runsPage({ quick, say }: Context): Promise<Figure[]> {
  const many = quick ? 5_000 : 100_000;
  return withDataDir(async (dataDir) => {
    const before = await withServer({ dataDir, settings }, async (server, rest) => {
      const apiKey = await rest.createKey('runs');
      await feed(server.url, apiKey, runsOf(0, few));
      const measured = await latencies(rest);
      await feed(server.url, apiKey, runsOf(few, reported));
      return measured;
    });
    say(`${reported.toLocaleString('en-US')} runs are reported, and copied to ${many.toLocaleString('en-US')}`);
    await multiply({ dataDir }, { runs: many, from: reported, apartS });
    const after = await withServer({ dataDir, settings }, (_, rest) => latencies(rest));
    for (const { name, p50 } of after) say(`${name}: p50 ${p50.toFixed(1)} ms`);
    return after.map(({ name, p50, p95 }, n) => ({
      name: `${many.toLocaleString('en-US')} runs: first page, ${name}, p50`,
      value: p50,
      unit: 'ms',
      note: `p95 ${p95.toFixed(1)} ms; at ${few} runs: p50 ${before[n]?.p50.toFixed(1)}, p95 ${before[n]?.p95.toFixed(1)} ms`,
    }));
  });
}

async function latencies(rest: Rest) {
  const measured: { name: string; p50: number; p95: number }[] = [];
  for (const [name, path] of pages) {
    const samples: number[] = [];
    for (let n = 0; n < times; n++) {
      const startedAt = performance.now();
      await rest.get(path);
      samples.push(performance.now() - startedAt);
    }
    const [p50, p95] = quantiles(samples.slice(10), [0.5, 0.95]);
    measured.push({ name, p50, p95 });
  }
  return measured;
}

/** A run of one round each. */
function* runsOf(from: number, to: number): Iterable<object> {
  for (let n = from; n < to; n++) {
    const run_id = `run-${n}`;
    const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + 1_000 * (apartS * n + seconds)).toISOString();
    const config = { optimizer: n % 3 === 0 ? 'adam' : 'sgd', lr: 0.1 / (1 + (n % 7)) };
    const tags = [n % 2 === 0 ? 'even' : 'odd'];
    yield { type: 'run_started', run_id, at: at(0), name: `nightly-${n}`, framework: 'flower', config, tags };
    yield { type: 'round_started', run_id, at: at(1), round: 1, client_ids: ['a'] };
    yield { type: 'client_result', run_id, at: at(2), round: 1, client_id: 'a', sample_count: 1, train_loss: 1 };
    yield { type: 'round_complete', run_id, at: at(3), round: 1, global_loss: 1 / (1 + (n % 97)) };
    yield { type: 'run_complete', run_id, at: at(4), status: 'complete' };
  }
}
