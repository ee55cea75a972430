import { setTimeout as wait } from 'node:timers/promises';
import { produce } from '../entries/ingest.ts';
import { feed } from '../lib/feed.ts';
import { BenchServer } from '../lib/server.ts';
import { bytesOf } from './folder.ts';
import { countSpikes, isSpike, type Peer, producers, type RunningPeer, spikeValue } from './peer.ts';
import { valueProducers } from './produce-values.ts';

const resultsPerBatch = 500;
/** Of a result in the bench: its loss and its accuracy; the rest of it is not counted. */
const valuesPerResult = 2;

async function start(databaseUrl: string | undefined, folder: string) {
  const server = await BenchServer.start({ dataDir: folder, ...(databaseUrl && { databaseUrl }) });
  const rest = await server.signIn();
  return { server, rest, apiKey: await rest.createKey('peers') };
}

/** Rondo beside its peers. */
export const rondo = (databaseUrl?: string): Peer => ({
  name: databaseUrl ? 'Rondo on PostgreSQL' : 'Rondo',
  forced: 'the commit of each batch',
  start: async (folder): Promise<RunningPeer> => {
    const { server, rest, apiKey } = await start(databaseUrl, folder);
    const runs = Array.from({ length: producers }, (_, n) => `values-${n}`);
    const headers = { authorization: `Bearer ${apiKey}` };
    return {
      write: valueProducers({ url: `${server.url}/api/ingest`, dialect: 'rondo', headers, runs }),
      bytes: () => settled(folder),
      openSeries: async (points) => {
        await feed(server.url, apiKey, longSeries(points));
        const startedAt = performance.now();
        const { value } = (await rest.get('/api/metrics/series?run_id=long&name=loss&max_points=2000')) as {
          value: readonly unknown[];
        };
        return { ms: performance.now() - startedAt, points: value.length, spikes: countSpikes(value) };
      },
      close: () => server.stop(),
    };
  },
});

/** The same, but with what Rondo is made for: rounds of client results instead of single values. */
export const rondoResults: Peer = {
  name: 'Rondo, client results',
  forced: 'the commit of each batch',
  start: async (folder): Promise<RunningPeer> => {
    const { server, apiKey } = await start(undefined, folder);
    const shape = { url: server.url, apiKey, producers, clients: resultsPerBatch, warmUpMs: 500, perSecond: null };
    let turn = 0;
    return {
      write: async (seconds) => {
        const runs = Array.from({ length: producers }, (_, n) => `results-${turn}-${n}`);
        turn++;
        const { report } = await produce(server, { ...shape, runs, measureMs: seconds * 1_000 });
        return { ...report, values: report.results * valuesPerResult };
      },
      bytes: () => settled(folder),
      close: () => server.stop(),
    };
  },
};

/** The embedded database writes its tables with the next checkpoint, at the latest when they have waited so long. */
async function settled(folder: string): Promise<number> {
  await wait(2_000);
  return bytesOf(folder);
}

function* longSeries(points: number): Iterable<object> {
  const at = new Date().toISOString();
  for (let step = 0; step < points; step++) {
    const value = isSpike(step, points) ? spikeValue + step : Math.sin(step / 1_000) + Math.random();
    yield { type: 'metric', run_id: 'long', at, name: 'loss', step, value };
  }
}
