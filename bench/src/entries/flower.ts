import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { atMost, type Entry, type Figure, Skipped } from '../lib/figure.ts';
import { withServer } from '../lib/server.ts';

const script = join(import.meta.dirname, '../generators/flower-run.py');
const venvs = join(import.meta.dirname, '../../../node_modules/.cache/rondo/frameworks');

interface Round {
  readonly ms: number;
  readonly cpu_ms: number;
  /** CPU of the dashboard, which shares the cores. */
  readonly dashboard_ms: number;
}
type Kinds = Readonly<Record<'plain' | 'watched' | 'measured', Round>>;
type Measured = Readonly<Record<'own' | 'shared', Kinds>>;

/** The Flower adapter's cost for a training whose clients share its two cores. */
export const flower: Entry = {
  name: 'flower',
  about: 'a round of a Flower training of 10 clients and 1,000,000 parameters, with and without the adapter',
  run: ({ quick }) =>
    withServer({}, async (server, rest) => {
      const key = await rest.createKey('bench');
      const { own, shared } = await measure(server.url, key, [
        ...(quick ? ['6', '3'] : ['20', '5']),
        String(server.pid),
      ]);
      return [...figuresOf('a core of its own', own), ...figuresOf('shared cores', shared)];
    }),
};

function figuresOf(cores: string, { plain, watched, measured }: Kinds): Figure[] {
  const cost = (name: string, of: Round, most: number): Figure => ({
    name: `${name}, ${cores}`,
    value: of.ms - plain.ms,
    unit: 'ms',
    target: atMost(most),
    note: [
      `${(of.cpu_ms - plain.cpu_ms).toFixed(1)} ms of CPU`,
      `and the dashboard's ${(of.dashboard_ms - plain.dashboard_ms).toFixed(1)} ms`,
      `${((of.ms - plain.ms) / 10).toFixed(1)} % of a round of a second`,
    ].join('; '),
  });
  return [
    { name: `a round without the adapter, ${cores}`, value: plain.ms, unit: 'ms' },
    cost('cost of the adapter', watched, 5),
    cost('cost, updates measured too', measured, 10),
  ];
}

async function measure(url: string, key: string, args: readonly string[]): Promise<Measured> {
  const env = { ...process.env, RONDO_URL: url, RONDO_API_KEY: key, RONDO_SPOOL_DIR: 'off', OPENBLAS_NUM_THREADS: '1' };
  const child = spawn(findPython(), [script, ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Skipped(`the training ended with ${code}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Measured;
}

/** The Python into which `npm run test:frameworks` has installed Flower. */
function findPython(): string {
  try {
    const name = readdirSync(venvs).find((folder) => /^flower-[0-9a-f]+$/.test(folder));
    if (name) return join(venvs, name, 'bin/python');
  } catch {
    // No venv has been made here yet.
  }
  throw new Skipped('Flower is not installed; npm run test:frameworks -- --only flower does it');
}
