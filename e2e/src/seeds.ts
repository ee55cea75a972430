import { randomUUID } from 'node:crypto';
import type { Rest } from './rest.ts';

/** Runs in which there is something to find: a small and quick copy of the large data that the page is looked at with. */
export interface Seeded {
  /** Open in its last round, past its deadline; one of its clients poisons it. */
  readonly fleet: string;
  readonly poisoned: string;
  /** The round in which clients failed, and why. */
  readonly failedRound: number;
  readonly reasons: readonly string[];
  /** 27 finished runs with one tag. */
  readonly sweepTag: string;
  readonly sweep: readonly SweepRun[];
}

interface SweepRun {
  readonly run_id: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly bestAccuracy: number;
  /** By round, from 1. */
  readonly loss: readonly number[];
}

type Fact = Readonly<Record<string, unknown>>;

/** Mulberry32, and a normal distribution from it by Box and Muller. */
function makeRandom(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return { next, normal };
}

const iso = (ms: number): string => new Date(ms).toISOString();
const round5 = (value: number): number => Number(value.toFixed(5));
const hour = 3_600_000;

const numClients = 24;
const numRounds = 160;
const roundMs = 240_000;
const poisonedFrom = 120;
const failedRound = 150;
const reasons = [
  'CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 7.43 GiB total capacity)',
  'ConnectionResetError: [Errno 104] Connection reset by peer',
  'RuntimeError: DataLoader worker (pid 4121) is killed by signal: Killed.',
] as const;

/** 24 clients × 160 rounds; client 16 sends ever larger updates in another direction from round 121 on. */
function* fleetFacts(nowMs: number): Iterable<Fact> {
  const { next, normal } = makeRandom(42);
  const startMs = nowMs - numRounds * roundMs - 600_000;
  const regions = ['eu-west', 'eu-north', 'us-east', 'us-west', 'ap-south', 'sa-east'];
  const clients = Array.from({ length: numClients }, (_, at) => ({
    id: clientId(at),
    size: Math.round(Math.exp(5.5 + normal())),
    hard: Math.exp(0.3 * normal()),
    slow: Math.exp(0.3 * normal()),
  }));
  yield {
    type: 'run_started',
    at: iso(startMs),
    name: 'cifar100 · FedAvg · 24 gateways',
    framework: 'flower',
    num_rounds: numRounds,
    tags: ['cifar100', 'fleet'],
    commands_supported: ['stop_round', 'stop_run'],
    config: { strategy: 'FedAvg', lr: 0.05, data: { dataset: 'cifar100', alpha: 0.1 } },
  };
  for (const [at, { id, size }] of clients.entries())
    yield {
      type: 'client_joined',
      at: iso(startMs + 1_000),
      client_id: id,
      dataset_size: size,
      labels: { region: regions[at % 6] },
    };
  for (let round = 1; round <= numRounds; round++) {
    const at = startMs + 5_000 + (round - 1) * roundMs;
    const isOpen = round === numRounds;
    yield {
      type: 'round_started',
      at: iso(at),
      round,
      client_ids: clients.map(({ id }) => id),
      deadline: iso(at + 200_000),
    };
    const global = 0.55 + 3.9 * Math.exp(-round / 55);
    for (const [index, { id, size, hard, slow }] of clients.entries()) {
      if (isOpen && index % 3 === 0) continue;
      const duration_ms = Math.round(Math.min(190_000, (22_000 + 8_000 * next()) * slow));
      const shared = { at: iso(at + duration_ms), client_id: id, round };
      if (round === failedRound && index % 2 === 1) {
        yield { type: 'client_failed', ...shared, reason: reasons[index % reasons.length] };
        continue;
      }
      const isPoisoning = index === 16 && round > poisonedFrom;
      const norm = (1.1 * Math.exp(-round / 180) + 0.25) * hard * (0.8 + 0.4 * next());
      yield {
        type: 'client_result',
        ...shared,
        sample_count: size,
        train_loss: round5(global * hard * (0.92 + 0.16 * next())),
        duration_ms,
        bytes_up: 44_900_000,
        bytes_down: 44_880_528,
        update_norm: round5(norm * (isPoisoning ? Math.min(900, 1 + (round - poisonedFrom) * 8) : 1)),
        cosine_to_mean: round5(Math.max(-1, Math.min(1, isPoisoning ? -0.5 : 0.62 + 0.08 * normal()))),
      };
    }
    if (isOpen) break;
    yield {
      type: 'round_complete',
      at: iso(at + 210_000),
      round,
      global_loss: round5(global * 1.06 + 0.03 * normal()),
      global_accuracy: round5(Math.max(0.01, 0.66 * (1 - Math.exp(-round / 62)))),
    };
    yield {
      type: 'log',
      at: iso(at + 212_000),
      level: 'info',
      message: `round ${round} aggregated: ${numClients} clients`,
    };
  }
}

const clientId = (at: number): string =>
  `${['eu-west', 'eu-north', 'us-east', 'us-west', 'ap-south', 'sa-east'][at % 6]}-${String(at).padStart(4, '0')}`;

const sweepRounds = 24;

/** Three algorithms × three rates × three alphas. */
function planSweep(): SweepRun[] {
  const { normal } = makeRandom(99);
  const runs: SweepRun[] = [];
  for (const strategy of ['fedavg', 'fedprox', 'scaffold'])
    for (const lr of [0.01, 0.03, 0.1])
      for (const alpha of [0.1, 0.5, 1]) {
        const tau = 10 + lr * 60 + (alpha < 0.3 ? 8 : 0);
        const top = 0.7 + 0.1 * alpha + (strategy === 'scaffold' ? 0.06 : 0) - (lr === 0.1 ? 0.05 : 0);
        const loss = Array.from({ length: sweepRounds }, (_, at) =>
          round5(0.25 + 2 * Math.exp(-(at + 1) / tau) + 0.02 * normal()),
        );
        runs.push({
          run_id: `sweep-${String(runs.length + 1).padStart(2, '0')}-${randomUUID().slice(0, 8)}`,
          name: `femnist-${strategy}-lr${lr}-a${alpha}`,
          config: { strategy, lr, alpha, model: 'cnn-2', local_epochs: 5, batch_size: 32 },
          bestAccuracy: round5(top * (1 - Math.exp(-sweepRounds / tau))),
          loss,
        });
      }
  return runs;
}

const sweepTag = 'sweep-nov';

function* sweepFacts({ name, config, loss, bestAccuracy }: SweepRun, startMs: number): Iterable<Fact> {
  yield {
    type: 'run_started',
    at: iso(startMs),
    name,
    framework: 'flower',
    num_rounds: sweepRounds,
    tags: [sweepTag],
    config,
    commands_supported: [],
  };
  for (const [index, value] of loss.entries()) {
    const round = index + 1;
    const at = startMs + round * 120_000;
    yield { type: 'round_started', at: iso(at), round, num_clients_expected: 3 };
    yield {
      type: 'round_complete',
      at: iso(at + 100_000),
      round,
      global_loss: value,
      global_accuracy: round5((bestAccuracy * round) / sweepRounds),
    };
  }
  yield { type: 'run_complete', at: iso(startMs + (sweepRounds + 1) * 120_000), status: 'complete' };
}

/** Fills a server through its own door; some 6,000 events in a few requests. */
export async function fillServer(url: string, apiKey: string, rest: Rest, nowMs = Date.now()): Promise<Seeded> {
  const reporter_id = randomUUID();
  const fleet = `fleet-${randomUUID().slice(0, 8)}`;
  const sweep = planSweep();
  let batch = 0;
  let events: Fact[] = [];
  const send = async () => {
    const answer = await fetch(`${url}/api/ingest`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ reporter_id, batch: batch++, events }),
    });
    const said = (await answer.json()) as { rejected?: readonly { detail: string }[] };
    if (!answer.ok || said.rejected?.length !== 0)
      throw new Error(`filling the server: ${answer.status} ${JSON.stringify(said).slice(0, 500)}`);
    events = [];
  };
  const add = async (run_id: string, facts: Iterable<Fact>) => {
    for (const fact of facts) {
      events.push({ ...fact, run_id });
      if (events.length === 4_000) await send();
    }
  };
  for (const [at, run] of sweep.entries())
    await add(run.run_id, sweepFacts(run, nowMs - 6 * 24 * hour + at * 4.6 * hour));
  await add(fleet, fleetFacts(nowMs));
  await send();
  await derived(rest, fleet);
  return { fleet, poisoned: clientId(16), failedRound, reasons, sweepTag, sweep };
}

/** What is derived from 160 rounds at once is derived for the first reader; a test must not race it on a busy machine. */
async function derived(rest: Rest, run_id: string): Promise<void> {
  for (const path of ['matrix', 'dispersion', 'attention', 'timeline']) {
    const answer = await rest.request(`/api/runs/${run_id}/${path}`);
    if (!answer.ok) throw new Error(`${path} of the seeded run: ${answer.status}`);
    await answer.arrayBuffer();
  }
}
