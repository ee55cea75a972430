import { join } from 'node:path';
import { freePort } from '../lib/server.ts';
import { bytesOf } from './folder.ts';
import { countSpikes, type Peer, producers, type RunningPeer } from './peer.ts';
import { valueProducers } from './produce-values.ts';
import { installed, jsonOf, startProgram } from './programs.ts';

const packages = ['mlflow==3.17.2', 'psycopg2-binary==2.9.11'];
const longRun = 'f'.repeat(32);

/** MLflow's own server with its defaults. */
export const mlflow = (databaseUrl?: string): Peer => ({
  name: databaseUrl ? 'MLflow 3.17.2 on PostgreSQL' : 'MLflow 3.17.2 on SQLite',
  forced: 'the commit of each batch',
  start: async (folder): Promise<RunningPeer> => {
    const bin = await installed('peer-mlflow', packages);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const store = databaseUrl?.replace('postgres:', 'postgresql:') ?? `sqlite:///${folder}/mlflow.db`;
    const args = ['server', '--host', '127.0.0.1', '--port', String(port), '--backend-store-uri', store];
    const server = await startProgram(join(bin, 'mlflow'), [...args, '--artifacts-destination', folder], {
      url: `${url}/health`,
      env: { MLFLOW_DISABLE_TELEMETRY: 'true', PATH: `${bin}:${process.env.PATH}` },
    });
    const ask = async (path: string, body: object) => {
      const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`MLflow answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as { run: { info: { run_id: string } } };
    };
    const runs: string[] = [];
    for (let n = 0; n < producers; n++) {
      const made = await ask('runs/create', { experiment_id: '0', run_name: `values-${n}`, start_time: Date.now() });
      runs.push(made.run.info.run_id);
    }
    const running = {
      write: valueProducers({ url: `${url}/api/2.0/mlflow/runs/log-batch`, dialect: 'mlflow', headers: {}, runs }),
      bytes: () => bytesOf(folder),
      close: server.stop,
    };
    if (databaseUrl) return running;
    return {
      ...running,
      openSeries: async (points) => {
        // By its own table: to log them would take a quarter of an hour.
        const script = join(import.meta.dirname, '../generators/peer-series.py');
        await jsonOf(join(bin, 'python'), [script, 'mlflow', folder, String(points), runs[0] ?? longRun]);
        const query = new URLSearchParams({ run_ids: runs[0] ?? '', metric_key: 'long', max_results: '2500' });
        const startedAt = performance.now();
        const answer = await fetch(`${url}/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?${query}`);
        const { metrics = [] } = (await answer.json()) as { metrics?: { value: number }[] };
        const ms = performance.now() - startedAt;
        const spikes = countSpikes(metrics.map(({ value }) => value));
        return { ms, points: metrics.length, spikes, note: 'what its page asks for, 2,500 points at most' };
      },
    };
  },
});
