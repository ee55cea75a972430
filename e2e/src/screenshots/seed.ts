/** The facts of a federation that has something to see on every page: the same every time, except for the clock. */

type Fact = Readonly<Record<string, unknown>>;
type Send = (events: readonly Fact[]) => Promise<void>;

const rounds = 60;
const shownRounds = 43;
const roundMs = 4 * 60_000;
const numClients = 96;
const regions = ['lyon', 'oslo', 'porto', 'gdansk', 'turku', 'ghent'] as const;
const devices = ['orin', 'a10g', 't4', 'rpi5'] as const;
const reasons = [
  'CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 7.43 GiB total capacity; 5.91 GiB already allocated)',
  'ConnectionResetError: [Errno 104] Connection reset by peer',
  'RuntimeError: DataLoader worker (pid 4121) is killed by signal: Killed.',
] as const;

/** Numbers from 0 to 1 that are the same at every start (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const rounded = (value: number): number => Number(value.toPrecision(5));

export const mainRun = 'pneumonia-fedavg';
export const poisonedClient = 'hospital-ghent-11';
export const sweepRuns = Array.from({ length: 9 }, (_, index) => `sweep-${index + 1}`);

/** Every client is still there, so that none counts as offline. */
export const heartbeats = (nowMs: number): Fact[] =>
  Array.from({ length: numClients }, (_, index) => ({
    type: 'client_heartbeat',
    run_id: mainRun,
    at: new Date(nowMs).toISOString(),
    client_id: nameOf(index),
  }));

const nameOf = (index: number): string =>
  `hospital-${regions[index % regions.length]}-${String(Math.floor(index / regions.length) + 1).padStart(2, '0')}`;

interface Client {
  readonly id: string;
  readonly region: string;
  readonly device: string;
  readonly size: number;
  readonly hard: number;
  readonly slow: number;
  readonly flaky: number;
}

/** One run that goes on, with slow, failing and one poisoned client. */
export async function seedMainRun(send: Send, nowMs: number): Promise<void> {
  const random = randomFrom(7);
  const startMs = nowMs - (shownRounds - 1) * roundMs - 70_000;
  const at = (ms: number) => new Date(ms).toISOString();
  const clients: Client[] = Array.from({ length: numClients }, (_, index) => {
    const region = regions[index % regions.length] as string;
    return {
      id: nameOf(index),
      region,
      device: devices[Math.floor(random() * devices.length)] as string,
      size: Math.round(180 * 6 ** random()),
      hard: 0.7 + 0.7 * random(),
      slow: index % 23 === 5 ? 3.4 : 0.8 + 0.6 * random(),
      flaky: index % 31 === 7 ? 0.3 : 0.015,
    };
  });
  await send([
    {
      type: 'run_started',
      run_id: mainRun,
      at: at(startMs - 20_000),
      name: 'pneumonia-xray · FedAvg · 96 hospitals',
      framework: 'flower',
      num_rounds: rounds,
      tags: ['xray', 'fedavg', 'non-iid'],
      commands_supported: ['stop_round', 'stop_run'],
      config: {
        strategy: 'FedAvg',
        model: { name: 'densenet121', params: 7_978_856, pretrained: true },
        data: { dataset: 'chest-xray', partitioner: 'dirichlet', alpha: 0.3, seed: 42 },
        optimizer: { name: 'sgd', lr: 0.05, momentum: 0.9, weight_decay: 0.0005 },
        privacy: { mechanism: 'gaussian', clip: 1, noise_multiplier: 0.8, delta: 0.00001, target_epsilon: 8 },
        local_epochs: 1,
        batch_size: 32,
      },
    },
    ...clients.map(({ id, region, device, size }) => ({
      type: 'client_joined',
      run_id: mainRun,
      at: at(startMs - 10_000),
      client_id: id,
      dataset_size: size,
      labels: { region, device },
    })),
  ]);
  for (let round = 1; round <= shownRounds; round++) {
    await send(roundOf({ round, clients, random, startMs: startMs + (round - 1) * roundMs, at }));
  }
}

interface RoundOptions {
  readonly round: number;
  readonly clients: readonly Client[];
  readonly random: () => number;
  readonly startMs: number;
  readonly at: (ms: number) => string;
}

function roundOf({ round, clients, random, startMs, at }: RoundOptions): Fact[] {
  const run_id = mainRun;
  const isLast = round === shownRounds;
  const loss = 0.32 + 1.9 * Math.exp(-round / 14);
  const facts: Fact[] = [
    {
      type: 'round_started',
      run_id,
      at: at(startMs),
      round,
      client_ids: clients.map(({ id }) => id),
      deadline: at(startMs + 200_000),
    },
  ];
  for (const client of clients) {
    const { id: client_id, hard, slow, flaky, size } = client;
    const tookMs = Math.round((24_000 + 9_000 * random()) * slow);
    if (isLast && tookMs > 42_000) {
      if (tookMs < 60_000)
        facts.push({
          type: 'client_status',
          run_id,
          at: at(startMs + 50_000),
          client_id,
          round,
          status: 'training',
          progress: rounded(50_000 / tookMs),
        });
      continue;
    }
    if (random() < flaky) {
      const reason = reasons[(round + size) % reasons.length];
      facts.push({ type: 'client_failed', run_id, at: at(startMs + tookMs), client_id, round, reason });
      continue;
    }
    if (random() < 0.01 && !isLast) {
      facts.push({ type: 'client_no_reply', run_id, at: at(startMs + 200_000), client_id, round, waited_ms: 200_000 });
      continue;
    }
    const isPoisoned = client_id === poisonedClient && round > 26;
    facts.push({
      type: 'client_result',
      run_id,
      at: at(startMs + tookMs),
      client_id,
      round,
      sample_count: size,
      duration_ms: tookMs,
      train_loss: rounded(loss * hard * (0.93 + 0.14 * random()) * (isPoisoned ? 2.1 : 1)),
      metrics: { train_accuracy: rounded(Math.min(0.98, 0.5 + (0.45 * (1 - Math.exp(-round / 16))) / hard ** 0.5)) },
      bytes_up: Math.round(31_900_000 * (0.98 + 0.04 * random())),
      bytes_down: 31_915_424,
      update_norm: rounded((0.3 + Math.exp(-round / 30)) * hard * (0.85 + 0.3 * random()) * (isPoisoned ? 38 : 1)),
      cosine_to_mean: rounded(isPoisoned ? -0.3 - 0.2 * random() : 0.66 - 0.2 * (hard - 1) + 0.08 * (random() - 0.5)),
    });
  }
  if (isLast) return facts;
  const accuracy = 0.58 + 0.33 * (1 - Math.exp(-round / 13)) + 0.012 * (random() - 0.5);
  facts.push(
    {
      type: 'round_complete',
      run_id,
      at: at(startMs + 210_000),
      round,
      global_loss: rounded(loss * 1.04 + 0.02 * (random() - 0.5)),
      global_accuracy: rounded(accuracy),
      metrics: {
        auc: rounded(accuracy + 0.05),
        'val/f1_macro': rounded(accuracy * 0.95),
        'val/ece': rounded(0.04 + 0.03 * random()),
      },
    },
    {
      type: 'privacy_spent',
      run_id,
      at: at(startMs + 211_000),
      epsilon: rounded(0.82 * Math.sqrt(round)),
      delta: 0.00001,
      round,
    },
    {
      type: 'log',
      run_id,
      at: at(startMs + 212_000),
      level: round % 12 === 0 ? 'warning' : 'info',
      message:
        round % 12 === 0
          ? `round ${round}: ${3 + (round % 4)} clients were slower than three times the median`
          : `round ${round} aggregated: loss ${rounded(loss)}, accuracy ${rounded(accuracy)}`,
    },
  );
  return facts;
}

/** Nine finished runs that differ in algorithm and rate, to list and to compare. */
export async function seedSweep(send: Send, nowMs: number): Promise<void> {
  const random = randomFrom(11);
  const at = (ms: number) => new Date(ms).toISOString();
  for (const [index, run_id] of sweepRuns.entries()) {
    const strategy = ['fedavg', 'fedprox', 'scaffold'][index % 3] as string;
    const lr = [0.01, 0.03, 0.1][Math.floor(index / 3)] as number;
    const startMs = nowMs - (index + 1) * 9 * 3_600_000;
    const floor = 0.25 + 0.12 * random();
    const ids = Array.from({ length: 12 }, (_, client) => `client-${String(client).padStart(2, '0')}`);
    const facts: Fact[] = [
      {
        type: 'run_started',
        run_id,
        at: at(startMs),
        name: `femnist · ${strategy} · lr ${lr}`,
        framework: 'flower',
        num_rounds: 30,
        tags: ['femnist', 'sweep', strategy],
        config: { strategy, lr, alpha: 0.3, local_epochs: 5, batch_size: 32, seed: index },
      },
    ];
    for (let round = 1; round <= 30; round++) {
      const roundAt = startMs + round * 110_000;
      const loss = floor + 1.9 * Math.exp((-round * (0.6 + 6 * lr)) / 10);
      facts.push({ type: 'round_started', run_id, at: at(roundAt), round, client_ids: ids });
      for (const client_id of ids) {
        facts.push({
          type: 'client_result',
          run_id,
          at: at(roundAt + 30_000 + 20_000 * random()),
          client_id,
          round,
          sample_count: 240,
          duration_ms: Math.round(30_000 + 20_000 * random()),
          train_loss: rounded(loss * (0.85 + 0.3 * random())),
          bytes_up: 4_200_000,
          bytes_down: 4_200_000,
        });
      }
      facts.push({
        type: 'round_complete',
        run_id,
        at: at(roundAt + 60_000),
        round,
        global_loss: rounded(loss + 0.03 * (random() - 0.5)),
        global_accuracy: rounded(0.92 - 0.3 * loss + 0.01 * (random() - 0.5)),
      });
    }
    facts.push({
      type: 'run_complete',
      run_id,
      at: at(startMs + 31 * 110_000),
      status: index === 4 ? 'failed' : 'complete',
    });
    await send(facts);
  }
}
