import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { quantiles } from '../lib/quantiles.ts';
import { firstRound, RoundBody } from './round-body.ts';

/** FL servers that report rounds, each waiting for its answer, in a process of their own. */
export interface ProducersJob {
  readonly url: string;
  readonly apiKey: string;
  readonly producers: number;
  readonly runs: readonly string[];
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Results a second of all together; null is as fast as they are acknowledged. */
  readonly perSecond: number | null;
}

export interface ProducersReport {
  readonly type: 'done';
  readonly seconds: number;
  /** Client results acknowledged while measuring, warm-up excluded. */
  readonly results: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** Answers other than 200, by status or error. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Rounds whose batch was acknowledged, warm-up included. */
  readonly acknowledged: Readonly<Record<string, readonly number[]>>;
}

process.once('message', (job: ProducersJob) => void produce(job).then((report) => process.send?.(report)));
process.once('disconnect', () => process.exit());

async function produce(job: ProducersJob): Promise<ProducersReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: job.producers });
  const nextRound = new Map(job.runs.map((run_id) => [run_id, firstRound]));
  const acknowledged: Record<string, number[]> = Object.fromEntries(job.runs.map((run_id) => [run_id, []]));
  const refusals: Record<string, number> = {};
  const latencies: number[] = [];
  const startedAt = performance.now();
  const measureFrom = startedAt + job.warmUpMs;
  const until = measureFrom + job.measureMs;
  let lastAnswer = measureFrom;

  const produceOne = async (index: number) => {
    const run_id = job.runs[index % job.runs.length] as string;
    const body = new RoundBody({ run_id, reporter_id: `${run_id}-${index}`, clients: job.clients });
    for (let batch = firstRound; performance.now() < until; batch++) {
      const round = nextRound.get(run_id) as number;
      nextRound.set(run_id, round + 1);
      body.set({ round, batch, at: new Date().toISOString() });
      const sentAt = await slot(job, startedAt, index, batch - firstRound);
      const status = await post(agent, job, body.bytes);
      const answeredAt = performance.now();
      if (status !== 'ok') refusals[status] = (refusals[status] ?? 0) + 1;
      else acknowledged[run_id]?.push(round);
      if (status !== 'ok' || answeredAt < measureFrom || answeredAt > until) continue;
      latencies.push(answeredAt - sentAt);
      lastAnswer = answeredAt;
    }
  };
  setTimeout(() => process.send?.({ type: 'measuring' }), job.warmUpMs);
  setTimeout(() => process.send?.({ type: 'measured' }), job.warmUpMs + job.measureMs);
  await Promise.all(Array.from({ length: job.producers }, (_, index) => produceOne(index)));
  agent.destroy();
  const [p50, p99, longest] = quantiles(latencies, [0.5, 0.99, 1]);
  const seconds = Math.max(lastAnswer - measureFrom, 1) / 1_000;
  const results = latencies.length * job.clients;
  return { type: 'done', seconds, results, p50, p99, longest, refusals, acknowledged };
}

/**
 * The moment from which the latency of a batch counts: now, or, at a given pace, its scheduled time. This includes
 * waiting for the previous response, or a slow server would look fast by slowing its callers down.
 */
async function slot(job: ProducersJob, startedAt: number, producer: number, turn: number): Promise<number> {
  if (job.perSecond === null) return performance.now();
  const everyMs = (1_000 * job.producers * job.clients) / job.perSecond;
  const due = startedAt + everyMs * (turn + producer / job.producers);
  if (due > performance.now()) await wait(due - performance.now());
  return due;
}

/** `ok`, or why the batch does not count as acknowledged. */
function post(agent: Agent, { url, apiKey, clients }: ProducersJob, body: Buffer): Promise<string> {
  return new Promise((done) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      authorization: `Bearer ${apiKey}`,
    };
    const sending = request(`${url}/api/ingest`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', (error) => done(error.message));
      response.on('end', () => {
        if (response.statusCode !== 200) return done(String(response.statusCode));
        const { accepted } = JSON.parse(text) as { accepted: number };
        done(accepted === clients + 2 ? 'ok' : `accepted ${accepted} of ${clients + 2}`);
      });
    });
    sending.setTimeout(30_000, () => sending.destroy(new Error('no answer within 30 s')));
    sending.on('error', (error) => done(error.message));
    sending.end(body);
  });
}
