import { freePort } from '../lib/server.ts';
import { bytesOf } from './folder.ts';
import { countSpikes, isSpike, type Peer, producers, spikeValue } from './peer.ts';
import { valueProducers } from './produce-values.ts';
import { startProgram } from './programs.ts';

const atOnce = 10_000;
const shown = 2_000;

/** What a store for moments and numbers alone can take: the upper anchor. From Debian's package of this name. */
export const victoria: Peer = {
  name: 'VictoriaMetrics',
  forced: 'nothing: values stay in memory for seconds',
  start: async (folder) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const args = [`-storageDataPath=${folder}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=100y'];
    const server = await startProgram('victoria-metrics', args, { url: `${url}/health` });
    const runs = Array.from({ length: producers }, (_, n) => `values-${n}`);
    const flush = () => fetch(`${url}/internal/force_flush`);
    return {
      write: valueProducers({ url: `${url}/api/v1/import`, dialect: 'victoria', headers: {}, runs }),
      bytes: async () => {
        await flush();
        return bytesOf(folder);
      },
      openSeries: async (points) => {
        // A step is a second, because a chart of it asks for seconds.
        const start = Math.floor(Date.now() / 1_000) - points - 3_600;
        for (let from = 0; from < points; from += atOnce) {
          const steps = Array.from({ length: Math.min(atOnce, points - from) }, (_, n) => from + n);
          const values = steps.map((step) =>
            isSpike(step, points) ? spikeValue + step : Math.sin(step / 1_000) + Math.random(),
          );
          const timestamps = steps.map((step) => (start + step) * 1_000);
          const body = JSON.stringify({ metric: { __name__: 'long' }, values, timestamps });
          await fetch(`${url}/api/v1/import`, { method: 'POST', body });
        }
        await flush();
        const step = Math.ceil(points / shown);
        const query = new URLSearchParams({
          query: `max_over_time(long[${step}s])`,
          start: String(start),
          end: String(start + points),
          step: `${step}s`,
          nocache: '1',
        });
        const startedAt = performance.now();
        const answer = await fetch(`${url}/api/v1/query_range?${query}`);
        const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } };
        const ms = performance.now() - startedAt;
        const values = data.result[0]?.values ?? [];
        const spikes = countSpikes(values.map(([, value]) => value));
        return { ms, points: values.length, spikes, note: 'asked for the greatest of each stretch' };
      },
      close: server.stop,
    };
  },
};
