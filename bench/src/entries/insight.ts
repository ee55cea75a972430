import { feed } from '../lib/feed.ts';
import { atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { multiply } from '../lib/multiply.ts';
import { quantiles } from '../lib/quantiles.ts';
import { withDataDir, withServer } from '../lib/server.ts';
import { expectedEndCoverage } from './insight-expected-end.ts';
import { attentionCost } from './insight-ingest.ts';
import { runsPage } from './insight-runs.ts';

interface Size {
  readonly run_id: string;
  readonly clients: number;
  readonly rounds: number;
}

const reported = 20;

/** The values derived from a run's rounds, as a viewer reads them: bytes and milliseconds. */
export const insight: Entry = {
  name: 'insight',
  about:
    'lists and matrices of 1,000 × 300 and 5,000 × 1,000 client updates, pages of 100,000 runs, ingest with attention, expected end',
  run: async (context) => [
    ...(await expectedEndCoverage(context)),
    ...(await views(context)),
    ...(await runsPage(context)),
    ...(await attentionCost(context)),
  ],
};

const views = async (context: Context): Promise<Figure[]> => {
  const sizes: readonly Size[] = context.quick
    ? [{ run_id: 'small', clients: 1_000, rounds: 30 }]
    : [
        { run_id: 'middle', clients: 1_000, rounds: 300 },
        { run_id: 'large', clients: 5_000, rounds: 1_000 },
      ];
  const figures: Figure[] = [];
  for (const size of sizes) figures.push(...(await viewsOf(context, size)));
  return figures;
};

/** A few rounds are reported, the others are copies of the last: to report five million updates takes minutes. */
const viewsOf = ({ say }: Context, size: Size): Promise<Figure[]> =>
  withDataDir(async (dataDir) => {
    const derived = await withServer({ dataDir }, async (server, rest) => {
      await feed(server.url, await rest.createKey('insight'), factsOf({ ...size, rounds: reported }));
      // Rounds are derived as they close, and at the latest now.
      return timed(`${server.url}/api/runs/${size.run_id}/dispersion`, rest.token);
    });
    const name = `${size.clients.toLocaleString('en-US')} × ${size.rounds.toLocaleString('en-US')}`;
    say(`${name}: ${reported} rounds are reported, and copied`);
    await multiply({ dataDir }, { rounds: size.rounds, of: size.run_id });
    return withServer({ dataDir }, async (server, rest) => {
      const figures: Figure[] = [
        {
          name: `${name}: ${reported} rounds just reported, the first answer`,
          value: derived.ms,
          unit: 'ms',
          note: 'what was not derived as it closed is derived now',
        },
      ];
      say(`${name}: reading`);
      for (const path of ['matrix?measure=train_loss', 'matrix?measure=outcome', 'dispersion', ...lists]) {
        const url = `${server.url}/api/runs/${size.run_id}/${path}`;
        const first = await timed(url, rest.token);
        const samples: number[] = [];
        for (let n = 0; n < (size.clients > 1_000 ? 4 : 12); n++) samples.push((await timed(url, rest.token)).ms);
        const [p50 = 0, p95 = 0] = quantiles(samples, [0.5, 0.95]);
        const note = `first ${first.ms.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, ${(first.bytes / 1e6).toFixed(2)} MB`;
        say(`${path}: p50 ${p50.toFixed(0)} ms, ${note}`);
        const isPromised = path.startsWith('matrix') && size.clients === 1_000;
        const target = isPromised ? { target: atMost(300) } : {};
        figures.push({ name: `${name}: ${path}, p50`, value: p50, unit: 'ms', note, ...target });
      }
      return figures;
    });
  });

const lists = ['attention', 'waiting', 'direction', 'privacy', 'cost?label=region'];

async function timed(url: string, token: string): Promise<{ ms: number; bytes: number }> {
  const startedAt = performance.now();
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const { byteLength } = await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return { ms: performance.now() - startedAt, bytes: byteLength };
}

function* factsOf({ run_id, clients, rounds }: Size): Iterable<object> {
  const ids = Array.from({ length: clients }, (_, n) => `client-${String(n).padStart(4, '0')}`);
  for (let round = 1; round <= rounds; round++) {
    const at = new Date(Date.UTC(2026, 0, 1) + round * 1_000).toISOString();
    yield { type: 'round_started', run_id, at, round, client_ids: ids };
    for (const [n, client_id] of ids.entries()) {
      const noise = 1 + 0.1 * Math.sin(12.9898 * n + 78.233 * round);
      yield {
        type: 'client_result',
        run_id,
        at,
        round,
        client_id,
        sample_count: 100,
        train_loss: noise / Math.sqrt(round),
        update_norm: noise,
        cosine_to_mean: 0.6 * noise,
        duration_ms: 10_000 * noise,
      };
    }
    yield { type: 'round_complete', run_id, at, round, global_loss: 1 / round };
  }
}
