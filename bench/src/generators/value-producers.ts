import { Agent, request } from 'node:http';
import { quantiles } from '../lib/quantiles.ts';
import type { Written } from '../peers/peer.ts';
import { bodies, type Dialect } from './value-bodies.ts';

/** Producers of values over HTTP, each waiting for its answer, in a process of their own. */
export interface ValuesJob {
  readonly url: string;
  readonly dialect: Dialect;
  readonly headers: Readonly<Record<string, string>>;
  /** One for each producer. */
  readonly runs: readonly string[];
  readonly firstBatch: number;
  readonly ms: number;
}

export interface ValuesReport extends Written {
  readonly type: 'done';
  /** Batches of the producer with the most. */
  readonly batches: number;
}

process.once('message', (job: ValuesJob) => void produce(job).then((report) => process.send?.(report)));
process.once('disconnect', () => process.exit());

async function produce({ url, dialect, headers, runs, firstBatch, ms }: ValuesJob): Promise<ValuesReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: runs.length });
  const { bodyOf, values } = bodies[dialect];
  const latencies: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + ms;
  let lastAnswer = startedAt;
  let batches = 0;
  const produceOne = async (run: string) => {
    for (let batch = 0; performance.now() < until; batch++) {
      const body = bodyOf(run, firstBatch + batch);
      const sentAt = performance.now();
      await post(agent, url, headers, body);
      lastAnswer = performance.now();
      latencies.push(lastAnswer - sentAt);
      batches = Math.max(batches, batch + 1);
    }
  };
  await Promise.all(runs.map(produceOne));
  agent.destroy();
  const [p50, p99] = quantiles(latencies, [0.5, 0.99]);
  return {
    type: 'done',
    values: latencies.length * values,
    seconds: (lastAnswer - startedAt) / 1_000,
    p50,
    p99,
    batches,
  };
}

function post(agent: Agent, url: string, headers: ValuesJob['headers'], body: string): Promise<void> {
  return new Promise((done, failed) => {
    const length = Buffer.byteLength(body);
    const all = { 'content-type': 'application/json', 'content-length': length, ...headers };
    const sending = request(url, { method: 'POST', agent, headers: all }, (response) => {
      response.on('error', failed);
      response.on('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode < 300) done();
        else failed(new Error(`${url} answered ${statusCode}`));
      });
      response.resume();
    });
    sending.setTimeout(120_000, () => sending.destroy(new Error('no answer within 120 s')));
    sending.on('error', failed);
    sending.end(body);
  });
}
