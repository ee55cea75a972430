import { gzipSync } from 'node:zlib';
import { atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { withPostgres } from '../lib/postgres.ts';
import type { Rest } from '../lib/rest.ts';
import { type BenchServer, withServer } from '../lib/server.ts';
import { residentBytes } from '../lib/usage.ts';

// The longest wait of other requests while one API key does its worst, and the chart's memory limit.
const patienceMs = 250;
const memoryMiB = 2_048;
const everyMs = 50;

/** Requests of 10 KiB to 1 MiB that once stopped the service: how long other requests wait. [security H3] */
export const bombs: Entry = {
  name: 'bombs',
  about: 'what other requests wait while one API key sends the most expensive requests it can',
  run: async (context) => {
    const embedded = await withServer({ settings }, (server, rest) => measure(context, server, rest, 'embedded'));
    if (!context.postgres) return embedded;
    const real = await withPostgres((databaseUrl) =>
      withServer({ databaseUrl, settings }, (server, rest) => measure(context, server, rest, 'PostgreSQL')),
    );
    return [...embedded, ...real];
  },
};

// By default such batches are 413, and cost next to nothing: measured is what the largest that may be allowed cost.
const settings = { KEY_RUNS_PER_BATCH: '10000' };

interface Bomb {
  readonly name: string;
  /** Sent one after the other. */
  readonly bodies: () => Iterable<string>;
}

const at = '2026-01-31T12:00:00.000Z';
const list = <T>(length: number, make: (n: number) => T): T[] => Array.from({ length }, (_, n) => make(n));
const joined = (length: number, make: (n: number) => string) => list(length, make).join(',');

const newRuns = (count: number): Bomb => ({
  name: `${count.toLocaleString('en-US')} new runs`,
  bodies: () => [
    joined(count, (n) =>
      JSON.stringify({ type: 'run_started', run_id: `b${count}-${n}`, at, name: 'x', framework: 'f' }),
    ),
  ],
});

const started = (round: number, ids: string) =>
  `{"type":"round_started","run_id":"big","at":"${at}","round":${round},"client_ids":[${ids}]}`;

const all: readonly Bomb[] = [
  { name: 'nothing', bodies: () => ['', '', ''] },
  newRuns(3_000),
  newRuns(10_000),
  {
    name: '40 × 99,999 invalid ids',
    bodies: () => [
      joined(40, () =>
        started(
          1,
          joined(99_999, () => '1'),
        ),
      ),
    ],
  },
  {
    name: '400,000 names in one metrics{}',
    bodies: () => [
      `{"type":"round_complete","run_id":"big","at":"${at}","round":1,"metrics":{${joined(400_000, (n) => `"k${n}":1`)}}}`,
    ],
  },
  {
    name: '2,000 × 250 bad metrics',
    bodies: () => {
      const metrics = joined(250, (n) => `"k${n}":""`);
      return [
        joined(2_000, () => `{"type":"round_complete","run_id":"big","at":"${at}","round":1,"metrics":{${metrics}}}`),
      ];
    },
  },
  { name: '2.7 million {}', bodies: () => [joined(2_700_000, () => '{}')] },
  {
    name: '4 × 100,000 new clients, one run',
    bodies: () =>
      list(4, (each) =>
        started(
          1,
          joined(100_000, (n) => `"c${each}-${n}"`),
        ),
      ),
  },
  {
    name: '4 × 100,000 new clients, a run each',
    bodies: () =>
      list(4, (each) =>
        started(
          1,
          joined(100_000, (n) => `"d${each}-${n}"`),
        ).replace('"big"', `"big-${each}"`),
      ),
  },
];

async function measure({ quick, say }: Context, server: BenchServer, rest: Rest, label: string): Promise<Figure[]> {
  const attacker = await rest.createKey('attacker');
  const other = await rest.createKey('other');
  const figures: Figure[] = [];
  let batch = 0;
  let peakMiB = 0;
  for (const bomb of quick ? all.filter(({ name }) => !name.startsWith('4 ×')) : all) {
    const watch = new Bystanders(server, other, () => {
      peakMiB = Math.max(peakMiB, residentBytes(server.pid) / 1_048_576);
    });
    const answers: string[] = [];
    let sentBytes = 0;
    const before = performance.now();
    for (const events of bomb.bodies()) {
      batch += 1;
      const body = gzipSync(`{"reporter_id":"bomb","batch":${batch},"events":[${events}]}`, { level: 9 });
      sentBytes += body.length;
      watch.begin();
      answers.push(await send(server, attacker, body));
    }
    const seconds = (performance.now() - before) / 1_000;
    const { health, report, failures } = await watch.end();
    const note = `${Math.ceil(sentBytes / 1_024)} KiB sent; ${seconds.toFixed(1)} s; answered ${[...new Set(answers)].join(', ')}${failures.length > 0 ? `; ${failures.length} times ${failures[0]}` : ''}`;
    say(`${label}, ${bomb.name}: health ${Math.round(health)} ms, report ${Math.round(report)} ms; ${note}`);
    figures.push({
      name: `${label}, ${bomb.name}: health`,
      value: health,
      unit: 'ms',
      target: atMost(patienceMs),
      note,
    });
    figures.push({ name: `${label}, ${bomb.name}: report`, value: report, unit: 'ms', target: atMost(patienceMs) });
  }
  return [...figures, { name: `${label}: resident, peak`, value: peakMiB, unit: 'MiB', target: atMost(memoryMiB) }];
}

async function send({ url }: BenchServer, key: string, body: Buffer): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip', authorization: `Bearer ${key}` };
  const response = await fetch(`${url}/api/ingest`, { method: 'POST', headers, body: new Uint8Array(body) });
  const answer = (await response.json()) as { rejected?: unknown[] };
  return answer.rejected?.length
    ? `${response.status} with ${answer.rejected.length} rejected`
    : String(response.status);
}

/** Others at the same time: a look at the health, and a report, again and again. The longest wait counts. */
class Bystanders {
  readonly #server: BenchServer;
  readonly #key: string;
  readonly #look: () => void;
  #isOver = false;
  #loops: Promise<[number, number]> | undefined;
  #reports = 0;
  readonly #failures: string[] = [];

  constructor(server: BenchServer, key: string, look: () => void) {
    this.#server = server;
    this.#key = key;
    this.#look = look;
  }

  /** Waits begin with the first bomb: making it keeps this process from looking. */
  begin(): void {
    this.#loops ??= Promise.all([this.#longest(() => this.#health()), this.#longest(() => this.#report())]);
  }

  async end(): Promise<{ health: number; report: number; failures: readonly string[] }> {
    this.#isOver = true;
    const [health, report] = (await this.#loops) ?? [Number.NaN, Number.NaN];
    return { health, report, failures: this.#failures };
  }

  async #longest(request: () => Promise<void>): Promise<number> {
    let longest = 0;
    do {
      const before = performance.now();
      await request();
      longest = Math.max(longest, performance.now() - before);
      this.#look();
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    } while (!this.#isOver);
    return longest;
  }

  async #health(): Promise<void> {
    const response = await fetch(`${this.#server.url}/api/health`);
    await response.arrayBuffer();
    // A server that says it does not answer is as bad as one that is slow.
    if (!response.ok) this.#failures.push(`health answered ${response.status}`);
  }

  async #report(): Promise<void> {
    this.#reports += 1;
    const event = { type: 'metric', run_id: 'bystander', at, name: 'loss', step: this.#reports, value: 1 };
    const reporter_id = `bystander-${this.#key.slice(-8)}`;
    const body = JSON.stringify({ reporter_id, batch: Date.now() * 1_000 + this.#reports, events: [event] });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${this.#key}` };
    const response = await fetch(`${this.#server.url}/api/ingest`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`a report answered ${response.status}`);
  }
}
